import { USUAL_CONFIG } from '../../core/command-line.ts';
import type { StoredState } from '../../core/history.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { kindList, limitOf, queryOf, readArguments } from '../records/arguments.ts';
import { decide } from '../records/decide.ts';
import { exportRecords } from '../records/export.ts';
import { toLine } from '../records/json-line.ts';
import { refuseUnknown } from '../records/known-names.ts';
import { collect, footer } from '../records/list.ts';
import { show } from '../records/show.ts';
import { withHistory } from '../records/source.ts';
import { table } from '../records/table.ts';
import { wrap } from '../records/wrap.ts';
import { runSubcommand, type Subcommand } from '../subcommand.ts';

const help = (program: string) => `Usage: ${program} queue list   [FILE] [FILTERS] [--limit N] [--json]
       ${program} queue show   ID [FILE] [--json]
       ${program} queue retry  ID… [FILE] [--as-rule | --product CODE]
       ${program} queue retry  --all [--rule RULE] [FILE] [--as-rule]
       ${program} queue drop   ID… [FILE]
       ${program} queue export [FILE] [FILTERS]

Shows what was not sent to L2L yet and what could not be sent, and lets a person
decide about it.

  list     what holds calls up; then parked actions and dead letters, then calls
           under way, then what waits; 50 rows
  show     one action: its cause, its true times, the request, each attempt and
           answer, the rest of its episode, and what retry and drop would do
  retry    sends it again. An open takes its close with it; when the episode is
           over, L2L gets one finished dispatch. A second retry does nothing
  drop     gives it up: nothing is sent to L2L. A dropped open drops its close.
           The journal keeps the action, with who dropped it and why
  export   everything as NDJSON: an action a line, with its calls and attempts

list, show and export also read the journal of a gateway that does not run.
retry and drop need the running gateway.

  FILE             the gateway's config; ${USUAL_CONFIG} when left out.
                   Only gateway.data is needed of it
  --data FOLDER    the gateway's data folder, instead of FILE
  --limit N        the number of rows
  --json           one JSON object a line, as export writes them (list: without
                   calls and attempts); times are ISO 8601 with the site's offset

Filters:
  --state STATE    dead, parked, open, waiting, shadow, delivered, nothing or
                   dropped
  --rule RULE      the name of a rule
  --machine CODE   the code of a machine or line
  --kind KIND      ${kindList(19)}

For retry and drop:
  --as-rule        retry with the codes that the rule has now (machine, type,
                   trade, reason, line, product); times and counts stay. Use it
                   when L2L refused a wrong code: correct the file, restart the
                   gateway, retry
  --product CODE   retry a set of production as this product: its product is not
                   known, or L2L refused it
  --all            retry every dead letter, with --rule those of one rule;
                   parked actions are never among them
  --yes            answer the question of the command with yes. Nobody knows
                   whether L2L has a parked call: look into L2L first. Retry says
                   that L2L does not have it. Drop says that L2L has it, or need
                   not have it. The drop of a held close also drops its open
  --why TEXT       a reason, kept with the decision

The states of a list:
  dead       a dead letter: L2L refused it, or it became too old; show has the
             words of L2L
  parked     a person has to decide: nobody knows whether L2L has it, it may not
             be sent, or its product is not known
  waiting    it has its place in its lane and is sent in its turn. Two cases have
             their own word:
    held     a close whose open is a dead letter or parked; it goes with the open.
             A close of every dispatch waits for a parked open of its type
    blocked  L2L can't take it now, for example while a dispatch of another type
             is open on the machine, or L2L refused it; it is sent again later
  open       it is on its way. The list shows how far:
    ready    the request is built and is sent next
    sending  the request is on its way
    retrying L2L does not have it; the gateway sends it again. When L2L refused it,
             retry sends it at once, and drop ends it
    in doubt L2L may have it; the gateway looks it up in L2L before it repeats it
    accepted L2L took it and still works on it
  delivered  L2L has it
  nothing    there was nothing to send
  dropped    a person or the rule dropped it
  shadow     made in shadow mode, never sent

Exit codes: ${EXIT.ok} done, now or before; ${EXIT.failed} not everything was done, or no gateway runs;
${EXIT.badConfig} the config is not valid; ${EXIT.usage} the command line is wrong`;

/** `--state` as people say it. */
const STATES: Readonly<Record<string, readonly StoredState[]>> = {
  dead: ['dead'],
  parked: ['parked'],
  open: ['in_call'],
  waiting: ['waiting'],
  shadow: ['shadow'],
  delivered: ['delivered'],
  nothing: ['nothing'],
  dropped: ['dropped'],
};
/** What a list shows of a state, by the word for it: it is a part of another one. */
const PART_OF: Readonly<Record<string, string>> = {
  ready: 'open',
  sending: 'open',
  retrying: 'open',
  'in doubt': 'open',
  accepted: 'open',
  held: 'waiting',
  blocked: 'waiting',
};
/** What a person has to see to comes first. */
const UNSETTLED: readonly (readonly StoredState[])[] = [['dead', 'parked'], ['in_call'], ['waiting']];
const ROWS = 50;

const subcommands: Readonly<Record<string, Subcommand>> = {
  list,
  show,
  retry: (args, io) => decide('retry', args, io),
  drop: (args, io) => decide('drop', args, io),
  async export(args, io) {
    const { gateway, values } = readArguments(args, ['state', 'rule', 'machine', 'kind'], 'none');
    const states = statesOf(values.state).flat();
    return withHistory(gateway, io, async source => {
      const wanted = { ...queryOf(values, source.times), states };
      await refuseUnknown(source, wanted, io.signal);
      return await exportRecords(source, wanted, io);
    });
  },
};

export const queueCommand: Command = {
  summary: 'shows what was not sent to L2L yet; retries or drops dead letters',
  help,
  run: (args, io) => runSubcommand('queue', subcommands, args, io),
};

async function list(args: readonly string[], io: Io): Promise<number> {
  const { gateway, values } = readArguments(args, ['state', 'rule', 'machine', 'kind', 'limit', 'json'], 'none');
  const groups = statesOf(values.state);
  const limit = limitOf(values, ROWS);
  return withHistory(gateway, io, async source => {
    const { reader, times } = source;
    const entries = [];
    let more = false;
    await refuseUnknown(source, queryOf(values, times), io.signal);
    for (const states of groups) {
      const wanted = { ...queryOf(values, times), states };
      // With no room left it is still asked for, to say that there is more.
      const listed = await collect(reader, wanted, limit - entries.length, io.signal);
      entries.push(...listed.entries);
      more ||= listed.more;
    }
    if (values.json) {
      for (const entry of entries) io.out(toLine(entry, times));
      return EXIT.ok;
    }
    for (const line of [source.heading, ...source.holdUps]) io.out(wrap(line, io.columns).join('\n'));
    const [first] = entries;
    if (first === undefined) {
      io.out('nothing waits, nothing is parked, and there is no dead letter');
      return EXIT.ok;
    }
    io.out(['', ...table('queue', entries, times, io.columns)].join('\n'));
    io.out(
      footer(
        'queue',
        source,
        first.id,
        more ? 'there is more: see it with --limit N, --state, --rule or --machine' : null,
      ),
    );
    return EXIT.ok;
  });
}

function statesOf(state: string | undefined): readonly (readonly StoredState[])[] {
  if (state === undefined) return UNSETTLED;
  const states = Object.hasOwn(STATES, state) ? STATES[state] : undefined;
  if (states) return [states];
  const whole = Object.hasOwn(PART_OF, state) ? PART_OF[state] : undefined;
  if (whole) throw new UsageError(`--state ${state}: it is one of ${whole}; write --state ${whole}`);
  throw new UsageError(`--state ${state}: the states are ${Object.keys(STATES).join(', ')}`);
}
