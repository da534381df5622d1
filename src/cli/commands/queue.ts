import { ACTION_KINDS } from '../../actions/registry.ts';
import type { StoredState } from '../../core/history.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { limitOf, queryOf, readArguments } from '../records/arguments.ts';
import { decide } from '../records/decide.ts';
import { exportRecords } from '../records/export.ts';
import { toLine } from '../records/json-line.ts';
import { refuseUnknown } from '../records/known-names.ts';
import { collect } from '../records/list.ts';
import { show } from '../records/show.ts';
import { type Source, withHistory } from '../records/source.ts';
import { table } from '../records/table.ts';
import { runSubcommand, type Subcommand } from '../subcommand.ts';

const help = `l2l-gateway queue list   [FILE] [--state STATE] [--rule RULE] [--machine CODE] [--kind KIND] [--limit N] [--json]
l2l-gateway queue show   ID [FILE] [--json]
l2l-gateway queue retry  ID… [FILE] [--as-rule | --product CODE] [--yes] [--why TEXT]
l2l-gateway queue retry  --all [--rule RULE] [--as-rule] [FILE] [--why TEXT]
l2l-gateway queue drop   ID… [FILE] [--yes] [--why TEXT]
l2l-gateway queue export [FILE] [--state STATE] [--rule RULE] [--machine CODE] [--kind KIND]

What was not sent to L2L yet, and what could not be sent.

  list     parked calls and dead letters first, then what is on its way, then what waits; --limit 50 rows
  show     one action with its cause, its true times, the request as it was sent, every attempt, look and answer,
           the other actions of its episode, and what retry and drop would do
  retry    sends it again, through the running gateway. It goes by episodes: an open takes its close with it, and
           when the episode is over, one finished dispatch is sent. A second retry of the same one does nothing
  drop     drops it, through the running gateway: nothing is sent to L2L. A dropped open drops its close. Nothing is
           deleted: the journal keeps it, with who dropped it and why
  export   all of it as NDJSON, one action a line with its calls and attempts

  FILE             the config of the gateway, config/gateway.yaml when left out; only gateway.data is needed of it
  --data FOLDER    the gateway's data folder instead
  --state STATE    dead, parked, open, waiting, shadow, delivered, nothing or dropped
  --machine CODE   code of a machine or line
  --kind KIND      ${ACTION_KINDS.join(', ')}
  --limit N        rows of the list
  --json           one JSON object a line, as export writes them (list: without calls and attempts); times are
                   ISO 8601 with the site's offset
  --as-rule        with the codes that the rule has now (machine, type, trade, reason, line, product); times and counts
                   stay. For what L2L refused because of a wrong code: correct the file, start the gateway anew, retry
  --product CODE   of a set of production whose product is not known, or that L2L refused: sent as this product
  --all            every dead letter, with --rule those of one rule; never what is parked
  --yes            answers the question that is asked about what is parked, and before the drop of a held close lets
                   go of its open too. Whether L2L has a parked call is not known: look there first. Retry says that
                   L2L does not have it, drop says that it does, or need not have it
  --why TEXT       is kept with the decision

The states of a list:
dead       a dead letter: L2L refused it, or it became too old; show has L2L's words
parked     nobody can say whether L2L took it, or it may not be sent, or its product is not known; a person has to look
           and decide
waiting    it has its place in its lane and goes when its turn comes; two kinds of it have a word of their own:
  held     a close whose open is a dead letter or parked; it goes the way of that open
  blocked  L2L can't take it now, such as while a dispatch of another type is open on the machine
open       it is on its way; the list shows how far:
  ready    its request is built and goes next
  sending  its request is on its way
  retrying L2L certainly does not have it; it is sent again
  in doubt L2L may have it; the gateway looks it up in L2L before it repeats anything
  accepted L2L took it and works on it
delivered  L2L has it
nothing    there was nothing to send
dropped    a person or its rule dropped it
shadow     made in shadow mode; nothing is sent

list, show and export also read the journal of a gateway that does not run; retry and drop need it running.

Exit codes: ${EXIT.ok} done, or done before; ${EXIT.failed} not all of it was done, or no gateway runs, the message says why; ${EXIT.badConfig} the config
is not valid; ${EXIT.usage} the command line is wrong`;

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
    const { whose, values } = readArguments(args, ['state', 'rule', 'machine', 'kind'], 'none');
    const states = statesOf(values.state).flat();
    return withHistory(whose, io, async source => {
      const wanted = { ...queryOf(values, source.times), states };
      await refuseUnknown(source, wanted, io.signal);
      return await exportRecords(source, wanted, io);
    });
  },
};

export const queueCommand: Command = {
  summary: 'shows what was not sent to L2L yet, and retries or drops dead letters',
  help,
  run: (args, io) => runSubcommand('queue', subcommands, args, io),
};

async function list(args: readonly string[], io: Io): Promise<number> {
  const { whose, values } = readArguments(args, ['state', 'rule', 'machine', 'kind', 'limit', 'json'], 'none');
  const groups = statesOf(values.state);
  const limit = limitOf(values, ROWS);
  return withHistory(whose, io, async source => {
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
    if (values.json) for (const entry of entries) io.out(toLine(entry, times));
    else if (entries.length > 0) io.out(table('queue', entries, times, io.columns).join('\n'));
    if (!values.json) io.out(footer(source, entries.length, more));
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

function footer({ times }: Source, rows: number, more: boolean): string {
  if (rows === 0) return 'nothing waits, nothing is parked, and there is no dead letter';
  const end = more ? 'there is more: --limit N, --state, --rule or --machine show it; ' : '';
  return `\n${end}times in ${times.zone}; l2l-gateway queue show ID shows everything about one`;
}
