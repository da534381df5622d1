import { describe, expect, it } from 'vitest';
import { runLives } from '../../src/app/lives.ts';
import type { AppOptions } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { shiftTime } from '../../src/core/time-shift.ts';
import { testFolder } from '../support/folder.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const HOUR = 3_600_000;

/** What is added to the clocks of the machine (ms). */
type Turn = { readonly wall: number; readonly asleep?: number };

/** The lives of a gateway in which the clocks of its machine are turned, once in each but the last. */
async function livesAt(turns: readonly Turn[]): Promise<AppOptions[]> {
  const folder = testFolder();
  const text = `gateway: { name: test, data: ${folder}, http: off }
l2l: { url: http://localhost:1, api_key: "\${L2L_API_KEY}", site: 1, timezone: UTC, user: gateway }
sources: { plc: { protocol: simulated, signals: { x: { as: bool, script: [{ for: 1m, value: true }] } } } }
rules: {}`;
  const loaded = loadConfig('gateway.yaml', { L2L_API_KEY: 'sandbox-key' }, () => Buffer.from(text));
  const clocks = { wall: 0, asleep: 0 };
  const lives: AppOptions[] = [];
  const stop = new AbortController();
  await runLives({
    loaded,
    log: recordingLogger(),
    machine: { wall: () => Date.now() + clocks.wall, sinceBoot: () => performance.now() + clocks.asleep },
    startApp: async options => {
      lives.push(options);
      return { url: null, stop: async () => [] };
    },
    signal: stop.signal,
    onFatal: error => expect.unreachable(error.message),
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
    ['set twice', [HOUR, -HOUR]],
    ['set twice the other way', [-HOUR, HOUR]],
  ])('bring what the first one recorded back to where it was: %s', async (_, [there = 0, back = 0]) => {
    const lives = await livesAt([{ wall: there }, { wall: back }]);

    const shifts = lives.flatMap(({ time }) => time?.shift ?? []);
    const recorded = (shifts[0]?.from ?? 0) + 1;
    const told = shifts.reduce(shiftTime, recorded);
    expect(shifts).toHaveLength(2);
    expect(Math.abs(told - recorded)).toBeLessThan(1000);
  });

  it('bring what was recorded before a suspension along when the clock is set after it', async () => {
    const before = Date.now();
    const lives = await livesAt([{ wall: HOUR, asleep: HOUR }, { wall: HOUR }]);

    const [shift] = lives.flatMap(({ time }) => time?.shift ?? []);
    expect(shift).toBeDefined();
    expect(shift && Math.abs(shiftTime(before + 60_000, shift) - before - 60_000 - HOUR)).toBeLessThan(1000);
  });
});
