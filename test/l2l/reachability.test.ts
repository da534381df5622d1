import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { createTimeNotation } from '../../src/core/time-notation.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createClient } from '../../src/l2l/client.ts';
import { createReachability } from '../../src/l2l/reachability.ts';
import { startHttpServer } from '../support/http-server.ts';
import { PATIENCE } from '../support/patience.ts';
import { reservedPort } from '../support/port.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const { iso } = createTimeNotation('America/Denver');
const START = Date.UTC(2026, 2, 2);

function watch(url: string, reads: 'full' | 'never' = 'full') {
  const clock = systemClock();
  const budget = createBudget({ clock, log: silentLogger, rate: null });
  const client = createClient({ url, apiKey: new Secret('wrong'), budget, clock });
  const time = virtualClock(START);
  const log = recordingLogger();
  const places = { apiKey: 'gateway.yaml:7', site: 'gateway.yaml:8', timezone: 'gateway.yaml:9' };
  const onGood = vi.fn();
  const options = { client, url, site: 43, timezone: 'America/Denver', places, clock: time, log, iso, onGood, reads };
  const reachability = createReachability(options);
  onTestFinished(async () => {
    reachability.stop();
    await client.close();
  });
  reachability.start();
  return { reachability, time, log, onGood };
}

type Answer = { status: number; body: object | string };
const SITES = { success: true, data: [{ site: 43, timezone: 'America/Denver' }] };
const REFUSED = { success: false, error: 'no' };
const EMPTY = { success: true, data: [] };

/** Answers every question by the area it is about, `*` for the others. */
async function l2l(first: number | Record<string, Answer> = 200) {
  const answer: { status: number; areas: Record<string, Answer> } =
    typeof first === 'number' ? { status: first, areas: {} } : { status: 200, areas: first };
  const server = await startHttpServer((request, response) => {
    const area = /^\/api\/1\.0\/(.*?)\/?(?:\?|$)/.exec(request.url ?? '')?.[1] ?? '';
    const all = (request.url ?? '').includes('site=') ? area : `all ${area}`;
    const usual = { status: answer.status, body: answer.status === 200 ? SITES : REFUSED };
    const { status, body } = answer.areas[all] ?? answer.areas['*'] ?? usual;
    response.writeHead(status);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { url: server.url, seen: server.seen, answer };
}

describe('L2L reachability', () => {
  it('the check of L2L runs once at the start and finds nothing wrong', async () => {
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

  it('the check of L2L reports that L2L does not answer, with the address and since when', async () => {
    const url = `http://127.0.0.1:${await reservedPort()}`;
    const { reachability, log } = watch(url);

    await vi.waitFor(
      () =>
        expect(reachability.problem()).toMatch(
          `L2L (${url}) can't be reached (since 2026-03-01T17:00:00.000-07:00): connect ECONNREFUSED`,
        ),
      PATIENCE,
    );
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([['error', "L2L can't be reached"]]);
  });

  it.each([401, 403])('the check of L2L reports a refused key (%i) until L2L takes it', async status => {
    const { url, seen, answer } = await l2l(status);
    const { reachability, time, log } = watch(url);
    await vi.waitFor(() => expect(reachability.problem()).toMatch(`does not take the API key (since`), PATIENCE);

    answer.status = 200;
    await vi.waitFor(() => {
      time.advance(60_000);
      expect(reachability.problem()).toBeNull();
    }, PATIENCE);

    expect(seen.length).toBeGreaterThan(1);
    expect(log.lines.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  it('a delivered call counts as a check, so there are no checks while calls are delivered', async () => {
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

  const zone = (timezone: string) => ({
    sites: { status: 200, body: { success: true, data: [{ site: 43, timezone }] } },
  });
  const page = { status: 403, body: '<h1>Blocked by the proxy of the plant</h1>' };
  const forbidden = { status: 403, body: REFUSED };
  const refused = { status: 200, body: REFUSED };
  const others = { status: 200, body: { success: true, data: [{ site: 44 }, { site: 45 }] } };
  const some = { status: 200, body: { success: true, data: [{ id: 1 }] } };

  it.each<[string, Record<string, Answer>, RegExp]>([
    ['a wrong key', { '*': { status: 401, body: REFUSED } }, /takes?.*API key.*correct l2l.api_key at gateway.yaml:7/],
    ['a key that is refused with 403', { '*': forbidden }, /API key.*gateway.yaml:7/],
    [
      'a key that is refused with 200',
      { '*': { status: 200, body: { success: false, error: 'Invalid API key' } } },
      /API key.*gateway.yaml:7/,
    ],
    [
      'a site that is not listed',
      { sites: { status: 200, body: EMPTY }, 'all sites': others },
      /no site 43 for this key; the key's sites are 44, 45. Correct l2l.site at gateway.yaml:8/,
    ],
    ['a site that is refused', { sites: refused, 'all sites': others }, /no site 43 .* 44, 45/],
    [
      'another zone',
      zone('America/Chicago'),
      /config says America\/Denver, L2L site 43 is in America\/Chicago; fix l2l.timezone at gateway.yaml:9/,
    ],
  ])('the check of L2L holds every call for %s, and names where to correct it', async (_, areas, words) => {
    const { url, answer } = await l2l(areas);
    const { reachability, time, log, onGood } = watch(url);
    expect(reachability.holds()).toBe(true);
    expect(reachability.hold()).toMatch(/L2L has not said yet/);
    await vi.waitFor(() => expect(reachability.problem()).toMatch(words), PATIENCE);
    expect(reachability.holds()).toBe(true);
    expect(reachability.hold()).toMatch(words);
    await reachability.verify(AbortSignal.timeout(1000));
    expect(reachability.unverified()).toMatchObject({ kind: 'retry', reason: 'stopped' });
    expect(log.lines.map(({ level }) => level)).toEqual(['error']);
    expect(onGood).not.toHaveBeenCalled();

    // Corrected in L2L, it goes on by itself, within a minute.
    answer.areas = {};
    await vi.waitFor(() => {
      time.advance(60_000);
      expect(reachability.problem()).toBeNull();
    }, PATIENCE);
    expect(reachability.holds()).toBe(false);
    expect(onGood).toHaveBeenCalled();
  });

  it.each<[string, Record<string, Answer>]>([
    ['401 for the sites alone', { sites: { status: 401, body: REFUSED }, 'all sites': forbidden, machines: some }],
    ['403 for the sites alone', { sites: forbidden, 'all sites': forbidden, machines: some }],
    ['success:false for the sites alone', { sites: refused, 'all sites': refused, machines: some }],
    ['no right but for production', { '*': forbidden, 'pitchdetails/record_details_batch_errors': some }],
    ['an empty list of sites', { sites: { status: 200, body: EMPTY }, 'all sites': { status: 200, body: EMPTY } }],
    ['everything refused, as in a maintenance', { '*': refused }],
    ['a zone that nobody knows', zone('Plant time')],
    ['a zone whose sign is not documented', zone('GMT+4')],
    ['no zone', { sites: { status: 200, body: { success: true, data: [{ site: 43 }] } } }],
  ])('the check of L2L warns that the settings could not be checked, and holds nothing: %s', async (_, areas) => {
    const { url } = await l2l(areas);
    const { reachability, log, onGood } = watch(url);
    await vi.waitFor(() => expect(onGood).toHaveBeenCalled(), PATIENCE);
    expect(reachability.problem()).toBeNull();
    expect(reachability.holds()).toBe(false);
    await reachability.verify(AbortSignal.timeout(1000));
    expect(reachability.unverified()).toBeNull();
    expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
  });

  it('two reads are enough when L2L itself refuses the key, because the budget may be small', async () => {
    const { url, seen } = await l2l({ '*': { status: 401, body: { success: false, error: 'Invalid API key' } } });
    const { reachability } = watch(url);
    await vi.waitFor(() => expect(reachability.problem()).toMatch(/Invalid API key; correct/), PATIENCE);
    expect(seen).toHaveLength(2);
  });

  it('the check of L2L does not take a proxy for L2L', async () => {
    const { url } = await l2l({ '*': page });
    const { reachability } = watch(url);
    await vi.waitFor(() => expect(reachability.problem()).toMatch(/something between/), PATIENCE);
    expect(reachability.problem()).toMatch(/Blocked by the proxy/);
    expect(reachability.problem()).not.toMatch(/API key/);
    expect(reachability.holds()).toBe(false);
  });

  it('the check of L2L sends nothing before L2L has given the zone of the site', async () => {
    const { url, answer } = await l2l({ '*': { status: 503, body: 'starting' } });
    const { reachability } = watch(url);
    await vi.waitFor(() => expect(reachability.problem()).not.toBeNull(), PATIENCE);
    expect(reachability.holds()).toBe(false);
    answer.areas = zone('America/Chicago');
    await reachability.verify(AbortSignal.timeout(5000));
    expect(reachability.unverified()).toMatchObject({ kind: 'retry', reason: 'stopped' });
    expect(reachability.holds()).toBe(true);
  });

  it('the check of L2L finds a key that is switched off after hours, as soon as a call is refused for it', async () => {
    const { url, answer, seen } = await l2l();
    const { reachability, time, onGood } = watch(url);
    await vi.waitFor(() => expect(onGood).toHaveBeenCalled(), PATIENCE);
    for (let minute = 0; minute < 300; minute += 1) {
      time.advance(59_000);
      reachability.note({ kind: 'delivered', result: {}, answer: '' });
    }
    answer.status = 401;
    time.advance(1000);
    const asked = seen.length;
    const said = await Promise.all([1, 2, 3].map(() => reachability.askKey(AbortSignal.timeout(5000))));
    expect(said).toEqual(['refuses', 'refuses', 'refuses']);
    expect(seen.length - asked).toBeLessThan(7);
    expect(reachability.problem()).toMatch(/API key/);
    expect(reachability.holds()).toBe(true);
  });

  it('the check of L2L does not run after a stop', async () => {
    const { url, seen } = await l2l();
    const { reachability, time } = watch(url);
    await vi.waitFor(() => expect(seen).toHaveLength(1), PATIENCE);

    reachability.stop();
    time.advance(600_000);

    expect(seen).toHaveLength(1);
  });

  it('with reads: never, L2L is not read, calls may be sent, and a call that L2L took shows that it takes the key', async () => {
    const { url, seen } = await l2l();
    const { reachability, time, log, onGood } = watch(url, 'never');
    await reachability.verify(new AbortController().signal);
    expect(reachability.unverified()).toBeNull();
    expect(reachability.holds()).toBe(false);
    expect(log.lines).toMatchObject([
      { level: 'warn', fields: { detail: expect.stringContaining('l2l.reads: never') } },
    ]);
    const ask = () => reachability.askKey(new AbortController().signal);
    expect(await ask()).toBe('unknown');
    reachability.note({ kind: 'delivered', result: {}, answer: '' });
    expect(await ask()).toBe('takes');
    time.advance(3_600_000);
    expect(await ask()).toBe('unknown');
    expect(onGood).not.toHaveBeenCalled();
    expect(seen).toEqual([]);
  });
});
