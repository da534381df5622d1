import type { Clock } from '../core/clock.ts';
import { between, type Random, seededRandom } from './random.ts';

/** What the machine's PLC shows at one moment. `strokes` is the register: it wraps. */
export type MachineState = {
  readonly running: boolean;
  readonly strokes: number;
  readonly scrap: number;
  readonly recipe: number;
};

/** One stop, as it truly was (ms since 1970); `end` is null while it lasts. */
export type Stop = { readonly start: number; readonly end: number | null };

/** One stroke, as it truly was: it makes one part of the recipe that is loaded. */
export type Stroke = { readonly at: number; readonly recipe: number; readonly scrap: boolean };

export type Load = { readonly at: number; readonly recipe: number };

/** What the machine truly did since `begin`. JSON-safe: it goes over the wire to be compared with L2L. */
export type MachineTruth = {
  readonly name: string;
  readonly machine: string;
  readonly line: string | null;
  /** Every stroke made, in order; unlike the register their number never wraps. */
  readonly strokes: readonly Stroke[];
  readonly stops: readonly Stop[];
  /** Which recipe was loaded when (ms since 1970), in order; the first one was there from the start. */
  readonly loads: readonly Load[];
  /** Runs and counts no more: nothing will change again. */
  readonly settled: boolean;
};

/** Lengths of time (ms) a phase takes at least and at most. */
export type Span = { readonly least: number; readonly most: number };

export type MachineOptions = {
  /** Its name in signals: `press1` in `press1.running`. */
  readonly name: string;
  /** Its code in L2L. */
  readonly machine: string;
  /** The L2L line whose production its strokes are; null: none. */
  readonly line: string | null;
  readonly seed: number;
  readonly clock: Clock;
  /** How long it runs and stands in turn. */
  readonly runs: Span;
  readonly stops: Span;
  /** Time from stroke to stroke (ms). */
  readonly cycle: number;
  /** How wide the stroke register is. */
  readonly counter: 'uint16' | 'uint32';
  /** What the stroke register shows at the start; near its end, so that the rollover is seen. */
  readonly strokesAtStart: number;
  /** Chance in [0, 1] that a stroke makes scrap. */
  readonly scrapShare: number;
  /** Recipes in turn: the next one is loaded in the middle of each stop. */
  readonly recipes: readonly number[];
};

/** A machine behind a PLC. The protocol servers show its state; it keeps its own truth. */
export interface MachineModel {
  readonly name: string;
  state(): MachineState;
  /** Called after each change, with the time it happened (ms since 1970). */
  onChange(listener: (state: MachineState, at: number) => void): Disposable;
  /** Starts moving. Before this it runs without a stroke, so that a gateway's first reading is its base. */
  begin(): void;
  /** No new stop begins; a stop going on takes its full time; then the machine runs and counts no more. */
  settle(): void;
  truth(): MachineTruth;
  [Symbol.dispose](): void;
}

const REGISTER_SIZE = { uint16: 2 ** 16, uint32: 2 ** 32 } as const;
const SCRAP_REGISTER_SIZE = 2 ** 16;

/** Deterministic by seed: the same machine with the same clock does the same. */
export function machineModel(options: MachineOptions): MachineModel {
  const { clock, recipes } = options;
  const random: Random = seededRandom(options.seed);
  const listeners = new Set<(state: MachineState, at: number) => void>();
  const stops: { start: number; end: number | null }[] = [];
  const strokes: Stroke[] = [];
  const loads: Load[] = [{ at: 0, recipe: recipes[0] ?? 0 }];
  let running = true;
  let recipeIndex = 0;
  let scrap = 0;
  let settling = false;
  let settled = false;
  let phase: Disposable | undefined;
  let stroke: Disposable | undefined;

  const state = (): MachineState => ({
    running,
    strokes: (options.strokesAtStart + strokes.length) % REGISTER_SIZE[options.counter],
    scrap: scrap % SCRAP_REGISTER_SIZE,
    recipe: recipes[recipeIndex] ?? 0,
  });
  const changed = () => {
    const now = state();
    const at = clock.now();
    for (const listener of listeners) listener(now, at);
  };
  const after = (ms: number, callback: () => void) => clock.at(clock.now() + ms, callback);
  const halt = () => {
    phase?.[Symbol.dispose]();
    stroke?.[Symbol.dispose]();
  };

  const scheduleStroke = () => {
    stroke = after(options.cycle, () => {
      const isScrap = random() < options.scrapShare;
      strokes.push({ at: clock.now(), recipe: state().recipe, scrap: isScrap });
      if (isScrap) scrap += 1;
      scheduleStroke();
      changed();
    });
  };
  const run = () => {
    running = true;
    if (settling) {
      settled = true;
      return;
    }
    scheduleStroke();
    phase = after(between(random, options.runs.least, options.runs.most), stop);
  };
  const stop = () => {
    stroke?.[Symbol.dispose]();
    running = false;
    const current: { start: number; end: number | null } = { start: clock.now(), end: null };
    stops.push(current);
    const half = between(random, options.stops.least, options.stops.most) / 2;
    phase = after(half, () => {
      const before = state().recipe;
      recipeIndex = (recipeIndex + 1) % Math.max(recipes.length, 1);
      phase = after(half, () => {
        current.end = clock.now();
        run();
        changed();
      });
      if (state().recipe === before) return;
      loads.push({ at: clock.now(), recipe: state().recipe });
      changed();
    });
    changed();
  };

  return {
    name: options.name,
    state,
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    begin: run,
    settle() {
      settling = true;
      if (!running) return;
      halt();
      settled = true;
    },
    truth: () => ({
      name: options.name,
      machine: options.machine,
      line: options.line,
      strokes: [...strokes],
      stops: stops.map(one => ({ ...one })),
      loads: [...loads],
      settled,
    }),
    [Symbol.dispose]: halt,
  };
}
