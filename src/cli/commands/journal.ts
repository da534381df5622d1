import { ACTION_KINDS } from '../../actions/registry.ts';
import type { HistoryQuery } from '../../core/history.ts';
import { type Command, EXIT, type Io } from '../command.ts';
import { limitOf, queryOf, readArguments } from '../records/arguments.ts';
import { exportRecords } from '../records/export.ts';
import { toLine } from '../records/json-line.ts';
import { refuseUnknown } from '../records/known-names.ts';
import { collect } from '../records/list.ts';
import { readRuleStory } from '../records/rule-story.ts';
import { show } from '../records/show.ts';
import { type Source, withHistory } from '../records/source.ts';
import { storyJson, storyLines } from '../records/story-words.ts';
import { table } from '../records/table.ts';
import { runSubcommand } from '../subcommand.ts';
import { journalAdopt } from './journal-adopt.ts';

const help = `l2l-gateway journal list   [FILE] [--since TIME] [--until TIME] [--rule RULE] [--machine CODE] [--kind KIND]
                           [--limit N] [--json]
l2l-gateway journal show   ID [FILE] [--json]
l2l-gateway journal export [FILE] [--since TIME] [--until TIME] [--rule RULE] [--machine CODE] [--kind KIND]
l2l-gateway journal adopt  [FILE] [--yes]

What was sent to L2L, when, and why: everything that the gateway keeps, newest first.

  list     the newest 50, or --limit N: the true time (when the stop began or ended, or the counting began), and when
           the rule made the action. With --rule: also what the rule decided without sending anything, and what stood at
           --since, oldest first: why a dispatch was not opened, or not closed
  show     one action with its cause, its true times, the request as it was sent, every attempt, look and answer
  export   NDJSON, oldest first, one action a line with its calls and attempts; times are ISO 8601 with the site's offset.
           What the rules decided comes after them, a decision a line ("type": "decision"), without --machine or --kind.
           It goes in pages: a million of them need no more memory than one, and hold up no call
  adopt    a data folder that was copied, or put back from a backup, is used here from now on: what it holds as untold is
           parked, since it may have been sent; counters start from what they show. Only while no gateway runs on it

  FILE             the config of the gateway, config/gateway.yaml when left out; only gateway.data is needed of it
  --data FOLDER    the gateway's data folder instead
  --since, --until TIME   when it was made, in the site's time: "2026-03-02 06:00:00", 2026-03-02 or 06:00; a time as list and
                   export show it ("2026-03-02 06:00:00 MST", 2026-03-02T06:00:00.000-07:00, or with a Z for UTC); or
                   2h for two hours ago. A time without its date is the last one that has come (at 19:00, 22:00 is
                   yesterday's); as --until it is the first one after --since
  --machine CODE   code of a machine or line
  --kind KIND      ${ACTION_KINDS.join(', ')}
  --limit N        rows of the list
  --json           one JSON object a line, as export writes them (list: without calls and attempts)
  --yes            adopts a folder that lies as it was written too: a cloned disk or a machine that was set back

list, show and export also read the journal of a gateway that does not run, and write nothing to it.

Exit codes: ${EXIT.ok} done; ${EXIT.failed} there is no journal, or no such action, rule, machine or line, or it can't be read; ${EXIT.badConfig} the config is not valid;
${EXIT.usage} the command line is wrong`;

const ROWS = 50;
const FILTERS = ['since', 'until', 'rule', 'machine', 'kind'] as const;

export const journalCommand: Command = {
  summary: 'shows what was sent to L2L, when and why; takes over a copied journal',
  help,
  run: (args, io) => runSubcommand('journal', { list, show, export: exportAll, adopt: journalAdopt }, args, io),
};

async function list(args: readonly string[], io: Io): Promise<number> {
  const { whose, values } = readArguments(args, [...FILTERS, 'limit', 'json'], 'none');
  const limit = limitOf(values, ROWS);
  return withHistory(whose, io, async source => {
    const { reader, times } = source;
    const wanted = { ...queryOf(values, times), newestFirst: true };
    const { rule, machine, kind, since, until } = wanted;
    await refuseUnknown(source, wanted, io.signal);
    if (isAhead(source, wanted, io)) return EXIT.ok;
    if (rule !== undefined && machine === undefined && kind === undefined) {
      const span = { rule, limit, ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
      return await tellStory(source, span, values.json ?? false, io);
    }
    const { entries, more } = await collect(reader, wanted, limit, io.signal);
    if (values.json) {
      for (const entry of entries) io.out(toLine(entry, times));
      return EXIT.ok;
    }
    if (entries.length === 0) {
      io.out('nothing of that is in the journal');
      return EXIT.ok;
    }
    io.out(table('journal', entries, times, io.columns).join('\n'));
    const older = more ? 'there are older ones: --limit N or --until TIME shows them; ' : '';
    io.out(`\n${older}times in ${times.zone}; l2l-gateway journal show ID shows everything about one`);
    return EXIT.ok;
  });
}

async function tellStory(
  { reader, times, now }: Source,
  wanted: Parameters<typeof readRuleStory>[1],
  json: boolean,
  io: Io,
): Promise<number> {
  const story = await readRuleStory(reader, wanted, now, io.signal);
  const lines = (json ? storyJson : storyLines)(story, times);
  if (lines.length > 0) io.out(lines.join('\n'));
  if (!json && story.told.some(({ kind }) => kind === 'action'))
    io.out('\nl2l-gateway journal show ID shows everything about an action');
  return EXIT.ok;
}

async function exportAll(args: readonly string[], io: Io): Promise<number> {
  const { whose, values } = readArguments(args, FILTERS, 'none');
  return withHistory(whose, io, async source => {
    const wanted = queryOf(values, source.times);
    await refuseUnknown(source, wanted, io.signal);
    return isAhead(source, wanted, io) ? EXIT.ok : await exportRecords(source, wanted, io);
  });
}

/** Whether all that is asked for lies in the future, of which nothing can be said. Says so; not on stdout, where JSON can be wanted. */
function isAhead({ times, now }: Source, { since }: Pick<HistoryQuery, 'since'>, io: Io): boolean {
  if (since === undefined || since <= now) return false;
  io.err(`--since ${times.people(since)}: that time has not come yet; it is ${times.people(now)} now`);
  return true;
}
