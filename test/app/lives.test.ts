import { describe, expect, it } from 'vitest';
import type { TimeEdges } from '../../src/app/edges.ts';
import { runLives } from '../../src/app/lives.ts';
import { loadConfig } from '../../src/config/load.ts';
import { shiftTime } from '../../src/core/time-shift.ts';
import { EARLIEST } from '../../src/core/wall-clock.ts';
import { testFolder } from '../support/folder.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const HOUR = 3_600_000;

/** How far the clocks of the host are moved (ms). */
type Turn = { readonly wall: number; readonly asleep?: number };

/**
 * The lives of a gateway on a host whose clocks are moved, once in each life except the last. `off`: how wrong they are at the start (ms).
 */
async function livesAt(turns: readonly Turn[], off = 0): Promise<TimeEdges[]> {
  const folder = testFolder();
  const text = `gateway: { name: test, data: ${folder}, http: off }
l2l: { url: http://localhost:1, api_key: "\${L2L_API_KEY}", site: 1, timezone: UTC, user: gateway }
sources: { plc: { protocol: simulated, signals: { x: { as: bool, script: [{ for: 1m, value: true }] } } } }
rules: {}`;
  const loaded = loadConfig('gateway.yaml', { L2L_API_KEY: 'sandbox-key' }, () => Buffer.from(text));
  const clocks = { wall: off, asleep: 0 };
  const lives: TimeEdges[] = [];
  const stop = new AbortController();
  await runLives({
    loaded,
    log: recordingLogger(),
    machine: { wall: () => Date.now() + clocks.wall, sinceBoot: () => performance.now() + clocks.asleep },
    startLife: async time => {
      lives.push(time);
      return { url: null, stop: async () => [] };
    },
    signal: stop.signal,
    onStart() {
      const turn = turns[lives.length - 1];
      if (!turn) return stop.abort('done');
      clocks.wall += turn.wall;
      clocks.asleep += turn.asleep ?? 0;
    },
  });
  return lives;
}

describe('the lives of a gateway whose clock is set', () => {
  it.each([
    ['set forward and back', [HOUR, -HOUR]],
    ['set back and forward', [-HOUR, HOUR]],
  ])('a clock that is %s brings the times of the journal back to where they were', async (_, [there = 0, back = 0]) => {
    const lives = await livesAt([{ wall: there }, { wall: back }]);

    const shifts = lives.flatMap(({ time }) => time?.shift ?? []);
    const recorded = (shifts[0]?.from ?? 0) + 1;
    const moved = shifts.reduce(shiftTime, recorded);
    expect(shifts).toHaveLength(2);
    expect(Math.abs(moved - recorded)).toBeLessThan(1000);
  });

  it('a clock that is set after a suspension moves the times from before the suspension too', async () => {
    const before = Date.now();
    const lives = await livesAt([{ wall: HOUR, asleep: HOUR }, { wall: HOUR }]);

    const [shift] = lives.flatMap(({ time }) => time?.shift ?? []);
    expect(shift).toBeDefined();
    expect(shift && Math.abs(shiftTime(before + 60_000, shift) - before - 60_000 - HOUR)).toBeLessThan(1000);
  });

  it('the next life knows how wrong a clock is that was set again and is still not trusted', async () => {
    const [lost, stillLost] = [Date.UTC(1971, 0, 1), Date.UTC(2000, 0, 1)];
    const lives = await livesAt([{ wall: stillLost - lost }], lost - Date.now());

    const [first, second] = lives.map(({ time, clock }) => ({ ...time, now: clock.now() }));
    expect(first?.doubted?.by).toBeCloseTo(lost - EARLIEST, -4);
    expect(second?.doubted).toEqual({ from: first?.doubted?.from, by: expect.closeTo(stillLost - EARLIEST, -4) });
    expect(second).toMatchObject({ shift: null, marked: 'keep', event: { kind: 'clock_doubt' } });
    expect(second?.event?.detail).toContain('the clock says 2000-01-01');
    expect(second?.now).toBeCloseTo(first?.now ?? 0, -4);
  });
});
