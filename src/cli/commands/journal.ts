import { USUAL_CONFIG } from '../../core/command-line.ts';
import type { HistoryQuery } from '../../core/history.ts';
import { type Command, EXIT, type Io } from '../command.ts';
import { kindList, limitOf, queryOf, readArguments } from '../records/arguments.ts';
import { exportRecords } from '../records/export.ts';
import { toLine } from '../records/json-line.ts';
import { refuseUnknown } from '../records/known-names.ts';
import { collect, footer } from '../records/list.ts';
import { readRuleStory } from '../records/rule-story.ts';
import { show } from '../records/show.ts';
import { type Source, withHistory } from '../records/source.ts';
import { storyJson, storyLines } from '../records/story-words.ts';
import { table } from '../records/table.ts';
import { wrap } from '../records/wrap.ts';
import { runSubcommand } from '../subcommand.ts';
import { journalAdopt } from './journal-adopt.ts';

const help = (program: string) => `Usage: ${program} journal list   [FILE] [FILTERS] [--limit N] [--json]
       ${program} journal show   ID [FILE] [--json]
       ${program} journal export [FILE] [FILTERS]
       ${program} journal adopt  [FILE] [--yes]

Shows what was sent to L2L, when, and why: everything that the gateway keeps.

  list     the newest 50 actions, newest first: the true time (when the stop began
           or ended, or the counting began), and when the rule made the action.
           With --rule: also what the rule decided without sending anything, and
           its state at --since, oldest first. This shows why a dispatch was not
           opened, or not closed
  show     one action: its cause, its true times, the request, each attempt and
           answer
  export   everything as NDJSON, oldest first: an action a line, with its calls
           and attempts. Then the decisions of the rules, one a line ("type":
           "decision"), but not with --machine or --kind. Times are ISO 8601 with
           the site's offset. A million actions need no more memory than one
  adopt    uses a data folder here that was copied or restored from a backup. The
           actions that it holds as not sent are parked, since L2L may have got
           them. Counters start from their next reading. No gateway may run on the
           folder meanwhile

list, show and export also read the journal of a gateway that does not run, and
write nothing to it.

  FILE             the gateway's config; ${USUAL_CONFIG} when left out.
                   Only gateway.data is needed of it
  --data FOLDER    the gateway's data folder, instead of FILE
  --limit N        the number of rows
  --json           one JSON object a line, as export writes them (list: without
                   calls and attempts)
  --yes            adopt the folder even if it looks like the original: the clone
                   of a disk, or a host that was reset to an earlier state

Filters:
  --since TIME     made at this time or later
  --until TIME     made at this time or earlier
  --rule RULE      the name of a rule
  --machine CODE   the code of a machine or line
  --kind KIND      ${kindList(19)}

A TIME is in the site's time: "2026-03-02 06:00:00", 2026-03-02 or 06:00; or as
list and export show it ("2026-03-02 06:00:00 MST", 2026-03-02T06:00:00.000-07:00,
or with a Z for UTC); or 2h for two hours ago. A time without a date is the last one
in the past (at 19:00, 22:00 is yesterday's). As --until it is the first one after
--since.

Exit codes: ${EXIT.ok} done; ${EXIT.failed} there is no journal, it can't be read, or it has no such action,
rule, machine or line; ${EXIT.badConfig} the config is not valid; ${EXIT.usage} the command line is wrong`;

const ROWS = 50;
const FILTERS = ['since', 'until', 'rule', 'machine', 'kind'] as const;

export const journalCommand: Command = {
  summary: 'shows what was sent to L2L, when and why; adopts a copied journal',
  help,
  run: (args, io) => runSubcommand('journal', { list, show, export: exportAll, adopt: journalAdopt }, args, io),
};

async function list(args: readonly string[], io: Io): Promise<number> {
  const { gateway, values } = readArguments(args, [...FILTERS, 'limit', 'json'], 'none');
  const limit = limitOf(values, ROWS);
  return withHistory(gateway, io, async source => {
    const { reader, times } = source;
    const wanted = { ...queryOf(values, times), newestFirst: true };
    const { rule, machine, kind, since, until } = wanted;
    await refuseUnknown(source, wanted, io.signal);
    if (isAhead(source, wanted, io)) return EXIT.ok;
    if (rule !== undefined && machine === undefined && kind === undefined) {
      const span = { rule, limit, ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
      return await listStory(source, span, values.json ?? false, io);
    }
    const { entries, more } = await collect(reader, wanted, limit, io.signal);
    if (values.json) {
      for (const entry of entries) io.out(toLine(entry, times));
      return EXIT.ok;
    }
    io.out(wrap(source.heading, io.columns).join('\n'));
    const [first] = entries;
    if (first === undefined) {
      io.out('the journal has no such action');
      return EXIT.ok;
    }
    io.out(['', ...table('journal', entries, times, io.columns)].join('\n'));
    io.out(
      footer(
        'journal',
        source,
        first.id,
        more ? 'there are older ones: see them with --limit N or --until TIME' : null,
      ),
    );
    return EXIT.ok;
  });
}

async function listStory(
  { reader, times, now, heading, commandLine }: Source,
  wanted: Parameters<typeof readRuleStory>[1],
  json: boolean,
  io: Io,
): Promise<number> {
  const story = await readRuleStory(reader, wanted, now, io.signal);
  if (json) {
    for (const line of storyJson(story, times)) io.out(line);
    return EXIT.ok;
  }
  for (const line of [heading, ...storyLines(story, times)]) io.out(wrap(line, io.columns).join('\n'));
  const action = story.entries.find(entry => entry.kind === 'action')?.action;
  if (action) io.out(`\neverything about action ${action.id}:\n  ${commandLine(`journal show ${action.id}`)}`);
  return EXIT.ok;
}

async function exportAll(args: readonly string[], io: Io): Promise<number> {
  const { gateway, values } = readArguments(args, FILTERS, 'none');
  return withHistory(gateway, io, async source => {
    const wanted = queryOf(values, source.times);
    await refuseUnknown(source, wanted, io.signal);
    return isAhead(source, wanted, io) ? EXIT.ok : await exportRecords(source, wanted, io);
  });
}

/** Whether the whole span lies in the future. Says so on stderr, since stdout may carry JSON. */
function isAhead({ times, now }: Source, { since }: Pick<HistoryQuery, 'since'>, io: Io): boolean {
  if (since === undefined || since <= now) return false;
  io.err(`--since ${times.people(since)}: that time has not come yet; it is ${times.people(now)} now`);
  return true;
}
