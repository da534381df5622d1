import { isNumber } from '../../core/numbers.ts';
import type { Quality, Sample, SampleBatch, SignalDefinition, SourceState, Value } from '../../core/sample.ts';
import { readingProblem } from './counter-reading.ts';

/** The known facts of one source. */
export type SourceCell = {
  readonly name: string;
  state: SourceState;
  /** `NAME.connected`. */
  connected: boolean;
  /** The source has reported since the start whether it is connected. Until then its rules' timers wait. */
  seen: boolean;
  /** Event time of the last batch. A source in catch-up is known until this time. */
  lastAt: number;
  /** A live message with a time of its own came since the start: the lag of its signals is known. */
  dated: boolean;
  readonly signals: SignalCell[];
  /** Indexes of the rules that read `NAME.connected`. */
  readonly readers: number[];
  /** Indexes of the rules whose timers wait while it is catching up. */
  readonly holds: number[];
};

/** The known facts of one signal, updated in place. The table is the engine's only memory of values. */
export type SignalCell = {
  readonly definition: SignalDefinition;
  readonly source: SourceCell;
  /** The last good value, kept while unknown for texts and causes; null: none since the start. */
  value: Value | null;
  good: boolean;
  quality: Quality;
  /** Why it is not good, in words. */
  reason: string | null;
  /** Why its counter can't count with its value, in words; null: it can, or it is no counter. */
  refused: string | null;
  /** Since when a register shows 0, if it has shown only 0 since the start; null: it has shown another number, or is no register. */
  emptySince: number | null;
  /** Event time of the last sample, good or not; null: none since the start. */
  at: number | null;
  time: SampleBatch['time'];
  /**
   * How far its clock is behind the gateway's (ms), by its newest live message with a time of its own. Each signal has a lag, because each
   * device behind a broker has its clock. Before its first such message it is the lag of the process before, or else that of the source's
   * first such message.
   */
  lag: number;
  lagFrom: 'nothing' | 'earlier_process' | 'message';
  /** Rules that go by this clock. */
  readonly followers: number[];
  /** When it last became good after being unknown, and the source's time of that value (NaN: none). */
  returnedAt: number;
  returnedSourceAt: number;
  /** It was good once since the start. */
  seen: boolean;
  /** Serial of the step with a sample of it, and of the step that applied a sample. */
  named: number;
  fresh: number;
  /** Rules to evaluate when its value or quality class changed; rules to evaluate for every reading (counters). */
  readonly readers: number[];
  readonly counters: number[];
  /** Rules whose timers wait, after a start, until it was good once. */
  readonly waiters: number[];
};

/** A source without known facts. */
export function createSourceCell(name: string): SourceCell {
  return {
    name,
    state: 'connecting',
    connected: false,
    seen: false,
    lastAt: -Infinity,
    dated: false,
    signals: [],
    readers: [],
    holds: [],
  };
}

/** A signal that was never read yet. */
export function createSignalCell(definition: SignalDefinition, source: SourceCell): SignalCell {
  return {
    definition,
    source,
    value: null,
    good: false,
    quality: 'bad',
    reason: null,
    refused: null,
    emptySince: null,
    at: null,
    time: 'received',
    lag: 0,
    lagFrom: 'nothing',
    followers: [],
    returnedAt: -Infinity,
    returnedSourceAt: Number.NaN,
    seen: false,
    named: 0,
    fresh: 0,
    readers: [],
    counters: [],
    waiters: [],
  };
}

/** Whether a sample makes its signal known. A good sample without a usable value is unknown, never 0 or false. */
export function isGood(cell: SignalCell, sample: Sample): boolean {
  return isAccepted(cell, sample) && readingProblem(cell.definition, sample.value) === undefined;
}

function isAccepted({ definition }: SignalCell, { value, quality }: Sample): boolean {
  if (value === null || (typeof value === 'number' && !isNumber(value))) return false;
  return quality === 'good' || (quality === 'uncertain' && definition.acceptUncertain);
}

/** Whether the sample changes anything that a condition can see. */
export function differs(cell: SignalCell, sample: Sample): boolean {
  const good = isGood(cell, sample);
  return good !== cell.good || (good && sample.value !== cell.value);
}

/** Whether the sample is the first one since the start, or has another reason why its signal is unknown. */
export function isAnotherWord(cell: SignalCell, sample: Sample): boolean {
  return cell.at === null || (!cell.good && !isGood(cell, sample) && whyNot(cell, sample) !== cell.reason);
}

function whyNot(cell: SignalCell, sample: Sample): string | null {
  const refused = isAccepted(cell, sample) ? readingProblem(cell.definition, sample.value) : undefined;
  return refused ?? sample.reason ?? null;
}

/** Makes the sample the newest of its signal; the value of a bad one is left out. */
export function applySample(cell: SignalCell, sample: Sample, batch: SampleBatch, serial: number): void {
  const good = isGood(cell, sample);
  if (good && !cell.good) {
    cell.returnedAt = batch.at;
    cell.returnedSourceAt = sample.sourceAt ?? Number.NaN;
  }
  if (good) {
    if (cell.value === null) cell.emptySince = batch.at;
    if (cell.emptySince !== null && sample.value !== cell.definition.register?.empty) cell.emptySince = null;
    cell.value = sample.value;
  }
  cell.good = good;
  cell.quality = good || sample.quality !== 'good' ? sample.quality : 'bad';
  cell.refused = (isAccepted(cell, sample) && readingProblem(cell.definition, sample.value)) || null;
  cell.reason = cell.refused ?? sample.reason ?? null;
  cell.at = batch.at;
  cell.time = batch.time;
  cell.fresh = serial;
}

/** The source is away: its signals are unknown from now on; last good values stay for texts and causes. */
export function loseSignal(cell: SignalCell, serial: number, reason: string): void {
  cell.good = false;
  cell.quality = 'bad';
  cell.reason = reason;
  cell.refused = null;
  cell.fresh = serial;
}

/** Why the signals of a source in this state are unknown. */
export function awayWords(source: string, state: SourceState): string {
  return `${source} is ${state.replace('_', ' ')}`;
}

const AWAY = ['connecting', 'disconnected', 'stopped'] as const satisfies readonly SourceState[];

/** The source is back. Its absence is no longer the reason why signals without a new value are unknown. */
export function forgetAbsence({ name, signals }: SourceCell): void {
  const absent = AWAY.map(state => awayWords(name, state));
  for (const cell of signals) if (cell.reason !== null && absent.includes(cell.reason)) cell.reason = null;
}

/** Last good values by signal, also of signals that are unknown now; undefined: none since the start. */
export function lastGoodOf(cells: ReadonlyMap<string, SignalCell>): (signal: string) => Value | undefined {
  return signal => cells.get(signal)?.value ?? undefined;
}

/** After a start nothing is known of a source until it reports its state. */
export function forgetSource(source: SourceCell): void {
  source.state = 'connecting';
  source.connected = false;
  source.seen = false;
  source.lastAt = -Infinity;
  source.dated = false;
}

/** After a start every signal is unknown, whatever an earlier process saw. */
export function forgetSignal(cell: SignalCell): void {
  cell.value = null;
  cell.good = false;
  cell.quality = 'bad';
  cell.reason = null;
  cell.refused = null;
  cell.emptySince = null;
  cell.at = null;
  cell.lag = 0;
  cell.lagFrom = 'nothing';
  cell.returnedAt = -Infinity;
  cell.returnedSourceAt = Number.NaN;
  cell.seen = false;
}
