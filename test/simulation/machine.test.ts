import { describe, expect, it } from 'vitest';
import { type MachineOptions, type MachineState, machineModel } from '../../src/simulation/machine.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const START = Date.UTC(2026, 2, 2, 6);

function press(options: Partial<MachineOptions> = {}) {
  const clock = virtualClock(START);
  const model = machineModel({
    name: 'press1',
    machine: 'PRESS-01',
    line: 'LINE-1',
    seed: 7,
    clock,
    runs: { least: 6000, most: 10_000 },
    stops: { least: 4000, most: 8000 },
    cycle: 500,
    counter: 'uint16',
    strokesAtStart: 65_530,
    scrapShare: 0.2,
    recipes: [11, 12],
    ...options,
  });
  const seen: { state: MachineState; at: number }[] = [];
  model.onChange((state, at) => seen.push({ state, at }));
  return { clock, model, seen };
}

describe('machine model', () => {
  it('a simulated machine shows no change until it has to begin', () => {
    const { clock, model, seen } = press();
    clock.advance(60_000);
    expect(seen).toEqual([]);
    expect(model.state()).toEqual({ running: true, strokes: 65_530, scrap: 0, recipe: 11 });
  });

  it('a simulated machine behaves the same with the same seed, and differently with another', () => {
    const story = (seed: number) => {
      const { clock, model } = press({ seed });
      model.begin();
      clock.advance(300_000);
      return model.truth();
    };
    expect(story(1)).toEqual(story(1));
    expect(story(1)).not.toEqual(story(2));
  });

  it('a simulated machine runs and stops for the given times, and its truth is the values that it showed', () => {
    const { clock, model, seen } = press();
    model.begin();
    clock.advance(300_000);

    const { stops } = model.truth();
    expect(stops.length).toBeGreaterThan(10);
    let ranSince = START;
    for (const { start, end } of stops) {
      expect(start - ranSince).toBeGreaterThanOrEqual(6000);
      expect(start - ranSince).toBeLessThanOrEqual(10_000);
      if (end === null) continue;
      expect(end - start).toBeGreaterThanOrEqual(4000);
      expect(end - start).toBeLessThanOrEqual(8000);
      ranSince = end;
    }
    const edges = seen.filter((now, index) => index > 0 && now.state.running !== seen[index - 1]?.state.running);
    expect(edges.map(edge => edge.at)).toEqual(
      stops.flatMap(({ start, end }) => (end === null ? [start] : [start, end])),
    );
    const counted = seen.filter((now, index) => now.state.strokes !== seen[index - 1]?.state.strokes);
    const { strokes } = model.truth();
    expect(strokes.map(({ at, recipe }) => ({ at, recipe }))).toEqual(
      counted.map(({ at, state }) => ({ at, recipe: state.recipe })),
    );
    expect(strokes.filter(({ scrap }) => scrap).length).toBe(model.state().scrap);
  });

  it.each([
    ['uint16', 65_530, 65_536],
    ['uint32', 4_294_967_290, 4_294_967_296],
  ] as const)(
    'a simulated machine wraps its %s stroke register and keeps counting',
    (counter, strokesAtStart, size) => {
      const { clock, model } = press({ counter, strokesAtStart });
      model.begin();
      clock.advance(120_000);
      const { strokes } = model.truth();
      expect(strokes.length).toBeGreaterThan(60);
      expect(model.state().strokes).toBe(strokesAtStart + strokes.length - size);
    },
  );

  it('a simulated machine makes no stroke while it stands and loads the next recipe only then', () => {
    const { clock, model, seen } = press();
    model.begin();
    clock.advance(300_000);
    const pairs = seen.slice(1).map((now, index) => [seen[index]?.state, now.state] as const);
    for (const [before, now] of pairs) {
      if (before?.running === false && !now.running) expect(now.strokes).toBe(before.strokes);
      if (before && before.recipe !== now.recipe) expect(now.running).toBe(false);
    }
    expect(new Set(seen.map(({ state }) => state.recipe))).toEqual(new Set([11, 12]));
  });

  it('a simulated machine settles: a stop takes its full time, then nothing changes any more', () => {
    const { clock, model } = press();
    model.begin();
    while (model.state().running) clock.advance(100);
    model.settle();
    expect(model.truth().settled).toBe(false);
    clock.advance(8000);

    const settled = model.truth();
    const last = settled.stops.at(-1);
    expect(settled.settled).toBe(true);
    expect((last?.end ?? 0) - (last?.start ?? 0)).toBeGreaterThanOrEqual(4000);
    clock.advance(600_000);
    expect(model.truth()).toEqual(settled);
    expect(model.state().running).toBe(true);
  });

  it('a simulated machine settles at once while it runs', () => {
    const { clock, model } = press();
    model.begin();
    clock.advance(2100);
    model.settle();
    const settled = model.truth();
    clock.advance(600_000);
    expect(settled.settled).toBe(true);
    expect(model.truth()).toEqual(settled);
  });
});
