import type { Action, ActionKind, ActionParams } from '../../../src/actions/action.ts';
import type { Sample, SampleBatch, SourceState, Value } from '../../../src/core/sample.ts';
import { createEngine, type Engine } from '../../../src/rules/engine.ts';
import type { EngineInput, Program, RuleEvent, StepResult } from '../../../src/rules/program.ts';

/** The time (ms since 1970) on a Monday, UTC: `06:01:00`, `06:01` or `06:01:00.250`. */
export function on(time: string): number {
  return Date.parse(`2026-03-02T${time.length === 5 ? `${time}:00` : time}Z`);
}

/** The time of day of an instant, for readable expectations. */
export function clockOf(at: number): string {
  const text = new Date(at).toISOString().slice(11);
  return text.endsWith('.000Z') ? text.slice(0, 8) : text.slice(0, 12);
}

export type Reading = Value | 'bad' | { readonly value: Value; readonly sourceAt: string };

/** An engine in virtual time: inputs at times of day, and every timer fires when it is due. */
export type Plant = {
  engine: Engine;
  readonly actions: Action[];
  readonly events: RuleEvent[];
  readonly results: StepResult[];
  set(time: string, readings: Readonly<Record<string, Reading>>, batch?: Partial<SampleBatch>): StepResult;
  source(time: string, state: SourceState, name?: string): StepResult;
  /** Lets time pass: the clock ticks whenever the engine asked for it. */
  until(time: string): void;
  /** The process stands still; from `to` on it reads again. */
  standstill(from: string, to: string): StepResult;
  /** A person closes the dispatch of an episode; the engine learns of it at once. */
  closedByPerson(time: string, chain: string): StepResult;
  /**
   * The process dies, and a new one, perhaps with other rules, starts from the stored states; `doubted`: by a clock that is not trusted.
   */
  restart(died: string, started: string, edited?: Program, doubted?: boolean): StepResult;
  take(): Action[];
};

export function plant(program: Program, start = '06:00'): Plant {
  const actions: Action[] = [];
  const events: RuleEvent[] = [];
  const results: StepResult[] = [];
  let wakeAt: number | null = null;
  let current = program;

  function step(input: EngineInput): StepResult {
    const result = self.engine.step(input);
    actions.push(...result.actions);
    events.push(...result.events);
    results.push(result);
    wakeAt = result.wakeAt;
    return result;
  }

  function pass(at: number): void {
    while (wakeAt !== null && wakeAt <= at) step({ kind: 'tick', at: wakeAt });
  }

  const self: Plant = {
    engine: createEngine(program, new Map()),
    actions,
    events,
    results,
    set(time, readings, over = {}) {
      const receivedAt = over.receivedAt ?? on(time);
      pass(receivedAt);
      const samples = Object.entries(readings).map(([name, reading]) => sampleOf(name, reading));
      const base = { source: 'plc', at: on(time), receivedAt, time: 'source' as const, samples };
      return step({ kind: 'samples', batch: { ...base, ...over } });
    },
    source(time, state, name = 'plc') {
      pass(on(time));
      return step({ kind: 'source', source: name, state, at: on(time) });
    },
    until(time) {
      pass(on(time));
      step({ kind: 'tick', at: on(time) });
    },
    standstill(from, to) {
      pass(on(from));
      return step({ kind: 'standstill', from: on(from), to: on(to) });
    },
    closedByPerson(time, chain) {
      pass(on(time));
      return step({ kind: 'closed_by_person', chain, at: on(time) });
    },
    restart(died, started, edited = current, doubted = false) {
      pass(on(died));
      const states = current.rules.map(({ name }) => [name, JSON.stringify(self.engine.stateOf(name))] as const);
      self.engine = createEngine(edited, new Map([...self.engine.orphans, ...states]));
      current = edited;
      return step({ kind: 'restart', at: on(started), lastAlive: on(died), doubted });
    },
    take: () => actions.splice(0),
  };
  step({ kind: 'restart', at: on(start), lastAlive: on(start) });
  for (const source of program.sources) step({ kind: 'source', source, state: 'connected', at: on(start) });
  return self;
}

function sampleOf(signal: string, reading: Reading): Sample {
  if (reading === 'bad') return { signal, value: null, quality: 'bad', reason: 'no answer' };
  if (typeof reading !== 'object') return { signal, value: reading, quality: 'good' };
  return { signal, value: reading.value, quality: 'good', sourceAt: on(reading.sourceAt) };
}

/** An action as one readable line. */
export function line(action: Action): string {
  const at = clockOf(action.at);
  switch (action.kind) {
    case 'open_dispatch':
      return `${at} open ${action.rule} reported ${clockOf(action.params.reported)}`;
    case 'close_dispatch':
      return `${at} ${action.params.how} ${action.rule} completed ${clockOf(action.params.completed)}`;
    case 'close_machine': {
      const { type, completed, note, comment } = action.params;
      const texts = [note, comment].filter(text => text !== undefined).map(text => `, ${text}`);
      return `${at} close every ${type} ${action.rule} completed ${clockOf(completed)}${texts.join('')}`;
    }
    case 'increment_cycles':
      return `${at} ${action.rule} +${action.params.count}`;
    case 'set_cycles':
      return `${at} ${action.rule} =${action.params.movement}`;
    case 'add_scrap_detail': {
      const { category, scrap, scrapped, product } = action.params;
      return `${clockOf(scrapped)} scrap ${scrap} ${category}${product === null ? '' : ` ${product}`}`;
    }
    case 'record_details': {
      const { start, end, actual, scrap, product, blind } = action.params;
      const span = `${clockOf(start)}-${clockOf(end)}`;
      return `${span} actual ${actual} scrap ${scrap}${product === null ? '' : ` ${product}`}${blind ? ' blind' : ''}`;
    }
  }
}

/** The key of an action without the time in it: `press1_down#1:open`. */
export const shortKey = ({ key }: Action): string => key.replace(/@\d+/, '');

export const lines = (actions: readonly Action[]): string[] => actions.map(line);

export function paramsOf<K extends ActionKind>(actions: readonly Action[], kind: K): ActionParams[K][] {
  return actions.flatMap(action => (action.kind === kind ? [action.params as ActionParams[K]] : []));
}
