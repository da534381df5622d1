import type { Action } from '../core/action.ts';
import { StartError } from '../core/errors.ts';
import type { Quality, SampleBatch, SignalDefinition, SourceState, Value } from '../core/sample.ts';
import { createDispatch, DispatchState, type WorldScope } from './conditions.ts';
import { CyclesState, createCycles } from './cycles.ts';
import { createProduction, ProductionState } from './production.ts';
import type { CompiledRule, EngineInput, Program, RuleEvent, StepResult } from './program.ts';
import { type RuleReferences, referencesOf } from './references.ts';
import type { RuleMachine, RuleView, Step } from './rule-machine.ts';
import {
  applySample,
  createSignalCell,
  createSourceCell,
  differs,
  forgetSignal,
  isGood,
  loseSignal,
  type SignalCell,
  type SourceCell,
} from './signal-table.ts';
import { createTimers } from './timers.ts';

/** A signal as the status page shows it. */
export type SignalView = {
  readonly definition: SignalDefinition;
  /** The last good value; null: none since the start. */
  readonly value: Value | null;
  readonly good: boolean;
  readonly quality: Quality;
  readonly reason: string | null;
  /** Event time of the last sample (ms since 1970). */
  readonly at: number | null;
};

/** The rules at work: deterministic, without clock or IO. The same inputs always give the same results. */
export interface Engine {
  step(input: EngineInput): StepResult;
  /** A rule's state as plain JSON; an engine restored from all of them goes on as if it had never stopped. */
  stateOf(rule: string): object | undefined;
  signal(name: string): SignalView | undefined;
  signals(): SignalView[];
  rules(): RuleView[];
  /** Stored states of rules the program does not have (any more), untouched: name to JSON text. */
  readonly orphans: ReadonlyMap<string, string>;
}

const NOTHING: readonly never[] = [];

/**
 * `states`: JSON text by rule, as an earlier engine's `stateOf` gave it. Throws StartError for a state it can't read.
 * A new engine knows nothing until it is told `restart`.
 */
export function createEngine(program: Program, states: ReadonlyMap<string, string>): Engine {
  const sources = new Map<string, SourceCell>();
  const cells = new Map<string, SignalCell>();
  const machines: RuleMachine[] = [];
  const indexes = new Map<string, number>();
  const references = program.rules.map(referencesOf);
  const timers = createTimers(program.rules.length);
  /** Rules that read `rule.active` of the rule, and rules it reads so itself, near and far. */
  const readersOf: number[][] = program.rules.map(() => []);
  const upstream: number[][] = program.rules.map(() => []);
  /** Sources catching up, and signals and sources not seen since the start, that a rule's timers wait for. */
  const holds = new Int32Array(program.rules.length);
  const unseen = new Int32Array(program.rules.length);
  const collectedIn = new Int32Array(program.rules.length);
  let affected: number[] = [];

  const step: Step = {
    serial: 0,
    at: 0,
    time: 'received',
    retained: false,
    undated: false,
    mode: program.mode,
    freezeLimit: program.freezeLimit,
    events: [],
    actions: [],
    changed: new Set(),
    moved: new Set(),
  };

  const world: WorldScope = {
    value(signal) {
      const cell = cells.get(signal);
      return cell?.good ? (cell.value ?? undefined) : undefined;
    },
    good: signal => cells.get(signal)?.good ?? false,
    connected: source => sources.get(source)?.connected ?? false,
    active: rule => machines[indexes.get(rule) ?? -1]?.active ?? false,
  };

  for (const name of program.sources) sources.set(name, createSourceCell(name));
  for (const definition of program.signals.values()) {
    const source = sources.get(definition.source) ?? createSourceCell(definition.source);
    sources.set(definition.source, source);
    const cell = createSignalCell(definition, source);
    source.signals.push(cell);
    cells.set(definition.name, cell);
  }
  program.rules.forEach((rule, index) => {
    machines.push(createMachine(rule, states.get(rule.name), cells, world));
    indexes.set(rule.name, index);
    connect(index, references[index] ?? referencesOf(rule));
    reschedule(index);
  });
  const orphans = new Map([...states].filter(([name]) => !indexes.has(name)));

  function connect(index: number, refs: RuleReferences): void {
    for (const name of refs.conditions) cells.get(name)?.readers.push(index);
    for (const name of refs.counters) cells.get(name)?.counters.push(index);
    for (const name of refs.signals) cells.get(name)?.waiters.push(index);
    for (const name of refs.sources) sources.get(name)?.readers.push(index);
    const before = new Set<number>();
    for (const name of refs.rules) {
      const other = indexes.get(name);
      if (other === undefined || other === index) continue;
      readersOf[other]?.push(index);
      before.add(other);
      for (const further of upstream[other] ?? []) before.add(further);
    }
    upstream[index] = [...before].sort((a, b) => a - b);
    const held = new Set<SourceCell>();
    for (const reader of [index, ...before]) {
      for (const name of references[reader]?.signals ?? []) {
        const source = cells.get(name)?.source;
        if (source) held.add(source);
      }
    }
    for (const source of held) source.holds.push(index);
  }

  function machineAt(index: number): RuleMachine {
    const machine = machines[index];
    if (machine === undefined) throw new RangeError(`no rule ${index}`);
    return machine;
  }

  function reschedule(index: number): void {
    timers.set(index, (holds[index] ?? 0) > 0 ? Infinity : machineAt(index).due);
  }

  function collect(index: number): void {
    if (collectedIn[index] === step.serial) return;
    collectedIn[index] = step.serial;
    affected.push(index);
  }

  function collectAll(indexes: readonly number[]): void {
    for (const index of indexes) collect(index);
  }

  function begin(at: number, time: Step['time'] = 'received', retained = false, undated = false): void {
    step.serial++;
    step.at = at;
    step.time = time;
    step.retained = retained;
    step.undated = undated;
    affected.length = 0;
  }

  /** Fires one due timer and lets the rules that read this rule look. */
  function fire(index: number): void {
    const machine = machineAt(index);
    const { due, active } = machine;
    machine.fire(due, step);
    reschedule(index);
    if (machine.active !== active) look(readersOf[index] ?? [], due);
  }

  /** Timers due up to `at`, of the rules a batch concerns and of those they depend on, in order of time. */
  function firePast(concerned: readonly number[], at: number): void {
    const isDue = (index: number) => machineAt(index).due <= at;
    if (!concerned.some(index => isDue(index) || (upstream[index] ?? NOTHING).some(isDue))) return;
    const overdue = concerned.flatMap(index => [index, ...(upstream[index] ?? [])]).filter(isDue);
    overdue.sort((a, b) => machineAt(a).due - machineAt(b).due || a - b);
    for (const index of overdue) while (isDue(index)) fire(index);
  }

  /** Lets rules look at the world as it is, in order of dependence, and those that depend on what changes then. */
  function look(rules: readonly number[], at: number): void {
    let queue = rules;
    for (let next = 0; next < queue.length; next++) {
      const index = queue[next] ?? 0;
      const machine = machineAt(index);
      while (machine.due <= at) fire(index);
      const { active } = machine;
      machine.evaluate(at, step);
      reschedule(index);
      if (machine.active !== active) queue = withReaders(queue, next, readersOf[index] ?? []);
    }
  }

  /** The rules still to look at, and the readers of the one that changed: they all come later in the program. */
  function withReaders(queue: readonly number[], next: number, readers: readonly number[]): readonly number[] {
    if (readers.length === 0) return queue;
    const later = new Set([...queue.slice(next + 1), ...readers]);
    return [...queue.slice(0, next + 1), ...[...later].sort((a, b) => a - b)];
  }

  function samples(batch: SampleBatch): void {
    const source = sources.get(batch.source);
    if (source) source.lastAt = Math.max(source.lastAt, batch.at);
    const undated = batch.time === 'received' && source?.state === 'catching_up';
    let from = 0;
    while (from < batch.samples.length) {
      begin(batch.at, batch.time, batch.retained ?? false, undated);
      from = moment(batch, from);
    }
  }

  /** Applies the samples from `from` on; a second sample of the same signal is a moment of its own. Returns where it stopped. */
  function moment(batch: SampleBatch, from: number): number {
    const { samples } = batch;
    let to = from;
    for (; to < samples.length; to++) {
      const sample = samples[to];
      const cell = sample && cells.get(sample.signal);
      if (!cell) continue;
      if (cell.named === step.serial) break;
      cell.named = step.serial;
      if (cell.readers.length > 0 && differs(cell, sample)) collectAll(cell.readers);
      if (cell.counters.length > 0) collectAll(cell.counters);
    }
    if (affected.length > 0) firePast(affected, batch.at);
    for (let index = from; index < to; index++) {
      const sample = samples[index];
      const cell = sample && cells.get(sample.signal);
      if (!cell) continue;
      applySample(cell, sample, batch, step.serial);
      if (!cell.seen && isGood(cell, sample)) {
        cell.seen = true;
        noLongerAwaited(cell.waiters);
      }
    }
    lookAtAffected(batch.at);
    return to;
  }

  function lookAtAffected(at: number): void {
    if (affected.length === 0) return;
    if (affected.length > 1) affected.sort((a, b) => a - b);
    const rules = affected;
    affected = [];
    look(rules, at);
    affected = rules;
  }

  function noLongerAwaited(waiters: readonly number[]): void {
    for (const index of waiters) {
      const left = (unseen[index] ?? 0) - 1;
      unseen[index] = Math.max(0, left);
      if (left !== 0) continue;
      machineAt(index).awaitSignals(-Infinity);
      collect(index);
    }
  }

  function sourceState(name: string, state: SourceState, at: number): void {
    const source = sources.get(name);
    if (source === undefined || source.state === state) return;
    const connected = state === 'connected' || state === 'catching_up';
    const wasCatchingUp = source.state === 'catching_up';
    // A source lost while catching up is known until its last message, not until now.
    const knownUntil = wasCatchingUp && source.lastAt > -Infinity ? Math.min(at, source.lastAt) : at;
    begin(at);
    const lost = connected ? [] : source.signals.filter(cell => cell.good);
    for (const cell of lost) {
      collectAll(cell.readers);
      collectAll(cell.counters);
    }
    firePast(affected, knownUntil);
    for (const cell of lost) loseSignal(cell, step.serial, `${name} is ${state.replace('_', ' ')}`);
    step.at = knownUntil;
    lookAtAffected(knownUntil);

    begin(at);
    source.state = state;
    if (state !== 'connecting' && !source.seen) {
      source.seen = true;
      noLongerAwaited(source.readers);
    }
    if (connected !== source.connected) {
      firePast(source.readers, at);
      source.connected = connected;
      collectAll(source.readers);
    }
    lookAtAffected(at);
    if (wasCatchingUp !== (state === 'catching_up')) hold(source, wasCatchingUp ? -1 : 1);
  }

  function hold(source: SourceCell, change: 1 | -1): void {
    for (const index of source.holds) {
      const count = (holds[index] ?? 0) + change;
      holds[index] = count;
      machineAt(index).hold(count > 0, step);
      reschedule(index);
    }
  }

  function tick(at: number): void {
    begin(at);
    while (timers.next() <= at) {
      const index = timers.first();
      if (index === undefined) return;
      fire(index);
    }
  }

  function restart(at: number, lastAlive: number): void {
    begin(at);
    for (const cell of cells.values()) forgetSignal(cell);
    for (const source of sources.values()) {
      source.state = 'connecting';
      source.connected = false;
      source.seen = false;
      source.lastAt = -Infinity;
    }
    const knownUntil = Math.min(lastAlive, at);
    machines.forEach((machine, index) => {
      const refs = references[index];
      machine.restart(knownUntil, at, step);
      holds[index] = 0;
      unseen[index] = refs ? refs.signals.length + refs.sources.length : 0;
      machine.awaitSignals((unseen[index] ?? 0) > 0 ? at + program.freezeLimit : -Infinity);
      reschedule(index);
      if (refs && (refs.sources.length > 0 || refs.rules.length > 0)) collect(index);
    });
    lookAtAffected(at);
  }

  function result(): StepResult {
    const next = timers.next();
    const taken: StepResult = {
      events: step.events.length > 0 ? step.events.splice(0) : (NOTHING as readonly RuleEvent[]),
      actions: step.actions.length > 0 ? step.actions.splice(0) : (NOTHING as readonly Action[]),
      changed: take(step.changed),
      moved: take(step.moved),
      wakeAt: next === Infinity ? null : next,
    };
    return taken;
  }

  function take(names: Set<string>): readonly string[] {
    if (names.size === 0) return NOTHING;
    const list = [...names];
    names.clear();
    return list;
  }

  return {
    step(input) {
      switch (input.kind) {
        case 'samples':
          samples(input.batch);
          break;
        case 'source':
          sourceState(input.source, input.state, input.at);
          break;
        case 'tick':
          tick(input.at);
          break;
        case 'restart':
          restart(input.at, input.lastAlive);
          break;
      }
      return result();
    },
    stateOf(rule) {
      const index = indexes.get(rule);
      return index === undefined ? undefined : machineAt(index).state();
    },
    signal(name) {
      const cell = cells.get(name);
      return cell && viewOf(cell);
    },
    signals: () => [...cells.values()].map(viewOf),
    rules: () => machines.map(machine => machine.view()),
    orphans,
  };
}

function viewOf(cell: SignalCell): SignalView {
  const { definition, value, good, quality, reason, at } = cell;
  return { definition, value, good, quality, reason, at };
}

function createMachine(
  rule: CompiledRule,
  text: string | undefined,
  all: ReadonlyMap<string, SignalCell>,
  world: WorldScope,
): RuleMachine {
  const cells = new Map<string, SignalCell>();
  for (const name of referencesOf(rule).signals) {
    const cell = all.get(name);
    if (cell) cells.set(name, cell);
  }
  switch (rule.kind) {
    case 'dispatch':
      return createDispatch({ rule, world, cells, restored: restore(rule, text, DispatchState) });
    case 'production':
      return createProduction({ rule, cells, restored: restore(rule, text, ProductionState) });
    case 'cycles': {
      const cell = cells.get(rule.counter.name);
      if (cell === undefined)
        throw new StartError(`${rule.name} counts ${rule.counter.name}, which no source declares`);
      return createCycles(rule, cell, restore(rule, text, CyclesState));
    }
  }
}

type StateSchema<State> = { safeParse(value: unknown): { readonly success: boolean; readonly data?: State } };

/** A rule that became one of another kind under the same name starts afresh. */
function restore<State>(rule: CompiledRule, text: string | undefined, schema: StateSchema<State>): State | null {
  if (text === undefined) return null;
  const value = parse(text);
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (kind !== rule.kind && typeof kind === 'string') return null;
  const { data } = schema.safeParse(value);
  if (data !== undefined) return data;
  throw new StartError(
    `the journal's state of rule ${rule.name} can't be read by this version; start the version that wrote it, or rename the rule to begin anew`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is as unreadable as the wrong shape: the caller says so with the rule's name.
    return undefined;
  }
}
