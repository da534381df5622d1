import { FIRST_VALUES_WITHIN, isSilence } from '../adapters/first-values.ts';
import { formatDuration } from '../core/fields.ts';
import type { SourceStatus } from '../core/sample.ts';
import { backlogWords } from '../queue/backlog.ts';
import type { CallQueueStatus } from '../queue/call-queue.ts';
import type { SignalView } from '../rules/signal-view.ts';

type HeldUp = CallQueueStatus['heldUp'][number];

/** The facts that decide whether the gateway is ready. */
export type GatewayState = {
  readonly now: number;
  /** Why the clock can't be trusted; null when it can. */
  readonly clock: string | null;
  /** Why the rules can't commit; null when they can. */
  readonly rules: string | null;
  readonly queue: CallQueueStatus;
  /** A fault of L2L that is known without a call. */
  readonly l2l: string | null;
  readonly sources: readonly SourceStatus[];
  readonly signals: readonly SignalView[];
  /** Why lines of the log are missing; null: no line is. */
  readonly log: string | null;
};

/** What keeps the gateway from doing its whole job, in words. Empty when nothing is missing. */
export function notReady({ now, clock, rules, queue, l2l, sources, signals, log }: GatewayState): readonly string[] {
  const { redis } = queue;
  // When both are about the API key of L2L, only `l2l` is named, because it says where to correct the key.
  const paused = queue.paused.filter(({ cause, destination }) => !(cause === 'auth' && destination === 'l2l' && l2l));
  return [
    ...(clock === null ? [] : [clock]),
    ...(rules === null ? [] : [rules]),
    ...(redis.up ? [] : [redis.detail]),
    ...paused.map(pause => pauseWords(pause, now)),
    ...heldUpWords(queue.heldUp),
    ...(l2l === null || paused.some(({ cause, destination }) => cause === 'network' && destination === 'l2l')
      ? []
      : [l2l]),
    ...sources.flatMap(source =>
      source.state === 'connected' ? blindWords(source, signals, now) : sourceWords(source),
    ),
    ...(log === null ? [] : [log]),
  ];
}

const MOST_RULES = 3;
const MOST_NAMED = 3;

/** A source that answers, with signals that cannot be read. The rules see nothing of these signals. */
function blindWords({ source, at }: SourceStatus, signals: readonly SignalView[], now: number): readonly string[] {
  const its = signals.filter(({ definition }) => definition.source === source);
  const isOverdue = now - at > FIRST_VALUES_WITHIN;
  // A device behind a broker sends only when something happens. A device that never sent anything may have a misspelt topic.
  const isMissing = ({ definition, at }: SignalView) => isOverdue && (!definition.restorable || at === null);
  const isWaitedFor = ({ definition, value, reason }: SignalView) =>
    definition.restorable && value !== null && reason !== null && isSilence(reason);
  const isNamed = (signal: SignalView) => (signal.reason === null ? isMissing(signal) : !isWaitedFor(signal));
  const unknown = its.filter(signal => !signal.good && isNamed(signal));
  if (unknown.length === 0) return [];
  const named = unknown
    .slice(0, MOST_NAMED)
    .map(({ definition, reason, at }) => `${definition.name} (${reason ?? nothingWords(at)})`);
  const more = unknown.length - named.length;
  const rest = more > 0 ? ` and ${more} more` : '';
  return [`source ${source}: ${unknown.length} of ${its.length} signals unknown: ${named.join(', ')}${rest}`];
}

export function nothingWords(at: number | null): string {
  return at === null ? 'nothing received yet: check its topic or node' : 'nothing received since the source came back';
}

type Pause = CallQueueStatus['paused'][number];

const PAUSES = {
  network: name => `${name} can't be reached`,
  refused: name => `${name} refuses everything that is sent`,
  auth: name => `${name} does not take the API key`,
  journal: () => "the journal can't be written",
} satisfies Record<Pause['cause'], (name: string) => string>;

export function causeWords({ cause, name }: Pause): string {
  return PAUSES[cause](name);
}

function pauseWords(pause: Pause, now: number) {
  const { cause, detail, probeAt, backlog, name } = pause;
  const left = Math.ceil((probeAt - now) / 1000) * 1000;
  const next = left > 0 ? `in ${formatDuration(left)}` : 'now';
  const wait = backlogWords(backlog, cause === 'journal' ? null : name);
  return `${causeWords(pause)} (${detail}); ${wait}; next try ${next}`;
}

export function sourceWords({ source, state, reason }: SourceStatus): string {
  return `source ${source} is ${state.replace('_', ' ')}${reason ? `: ${reason}` : ''}`;
}

/** What a person has to correct before the calls of these rules can be sent, and where the rules stand in the config. */
export function oneHeldUp({ rules, detail }: HeldUp): string {
  const named = rules.slice(0, MOST_RULES).map(({ rule, where }) => `${rule} (${where})`);
  const more = rules.length > MOST_RULES ? ` and ${rules.length - MOST_RULES} more` : '';
  const who = rules.length === 1 ? `calls of rule ${named[0]} wait` : `calls of rules ${named.join(', ')}${more} wait`;
  return `${who}: ${detail}`;
}

/** The words for the first few causes, and how many more there are. Empty when no cause holds calls up. */
export function heldUpWords(all: readonly HeldUp[]): readonly string[] {
  const rest = all.length - MOST_NAMED;
  return [
    ...all.slice(0, MOST_NAMED).map(oneHeldUp),
    ...(rest > 0 ? [`${rest} more such ${rest === 1 ? 'cause' : 'causes'}: see queue.heldUp on /status`] : []),
  ];
}
