import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { createTimeNotation } from '../../src/core/time-notation.ts';
import { virtualClock } from '../../src/core/virtual-clock.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createClient } from '../../src/l2l/client.ts';
import { createReachability } from '../../src/l2l/reachability.ts';
import { startHttpServer } from '../support/http-server.ts';
import { PATIENCE } from '../support/patience.ts';
import { reservedPort } from '../support/port.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const { iso } = createTimeNotation('America/Denver');
const START = Date.UTC(2026, 2, 2);

function watch(url: string) {
  const clock = systemClock();
  const budget = createBudget({ clock, log: silentLogger, rate: null });
  const client = createClient({ url, apiKey: new Secret('wrong'), budget, clock });
  const time = virtualClock(START);
  const log = recordingLogger();
  const reachability = createReachability({ client, url, site: 43, clock: time, log, iso });
  onTestFinished(async () => {
    reachability.stop();
    await client.close();
  });
  reachability.start();
  return { reachability, time, log };
}

async function l2l(first = 200) {
  const answer = { status: first };
  const server = await startHttpServer((_request, response) => {
    response.writeHead(answer.status);
    response.end(JSON.stringify({ success: answer.status === 200 }));
  });
  return { url: server.url, seen: server.seen, answer };
}

describe('L2L reachability', () => {
  it('asks once at the start and finds nothing wrong', async () => {
    const { url, seen } = await l2l();
    const { reachability, log } = watch(url);

    await vi.waitFor(() => expect(seen).toHaveLength(1), PATIENCE);

    expect(seen[0]).toMatchObject({
      method: 'GET',
      url: expect.stringMatching(/^\/api\/1\.0\/sites\/\?site=43&limit=1/),
    });
    expect(reachability.problem()).toBeNull();
    expect(log.lines).toEqual([]);
  });

  it('says that nobody is there, with the address and since when', async () => {
    const url = `http://127.0.0.1:${await reservedPort()}`;
    const { reachability, log } = watch(url);

    await vi.waitFor(
      () =>
        expect(reachability.problem()).toMatch(
          `L2L (${url}) can't be reached since 2026-03-01T17:00:00.000-07:00: connect ECONNREFUSED`,
        ),
      PATIENCE,
    );
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([['error', "L2L can't be reached"]]);
  });

  it.each([401, 403])('says that the key is not taken (%i) until it is', async status => {
    const { url, seen, answer } = await l2l(status);
    const { reachability, time, log } = watch(url);
    await vi.waitFor(() => expect(reachability.problem()).toMatch(`does not take the API key since`), PATIENCE);

    answer.status = 200;
    await vi.waitFor(() => {
      time.advance(60_000);
      expect(reachability.problem()).toBeNull();
    }, PATIENCE);

    expect(seen.length).toBeGreaterThan(1);
    expect(log.lines.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  it('believes a delivered call, and does not ask while calls are delivered', async () => {
    const { url, seen } = await l2l(401);
    const { reachability, time } = watch(url);
    await vi.waitFor(() => expect(reachability.problem()).not.toBeNull(), PATIENCE);
    const asked = seen.length;

    reachability.note({ kind: 'delivered', result: {}, answer: '' });
    expect(reachability.problem()).toBeNull();

    time.advance(59_999);
    reachability.note({ kind: 'delivered', result: {}, answer: '' });
    time.advance(60_000 - 1);
    expect(seen).toHaveLength(asked);
  });

  it('asks no more once stopped', async () => {
    const { url, seen } = await l2l();
    const { reachability, time } = watch(url);
    await vi.waitFor(() => expect(seen).toHaveLength(1), PATIENCE);

    reachability.stop();
    time.advance(600_000);

    expect(seen).toHaveLength(1);
  });
});
