import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../support/virtual-clock.ts';
import { KEY, OPEN, sandboxForTest } from './support.ts';

const COUNT = { site: 43, code: 'PRESS-01', cyclecount: 5 };
const INCREMENT = 'machines/increment_cycle_count/';

function cyclesOf(sandbox: { state(): { machines: { cyclecount: number }[] } }): number | undefined {
  return sandbox.state().machines[0]?.cyclecount;
}

describe('sandbox', () => {
  it.each([
    ['header', {}, { L2LAUTH: KEY }],
    ['query or body', { auth: KEY }, { L2LAUTH: '' }],
  ])('the sandbox takes the key from the %s', async (_where, fields, headers) => {
    const { post, get } = await sandboxForTest();
    const init = { headers: headers.L2LAUTH === '' ? undefined : headers } as RequestInit;
    expect(await post(INCREMENT, { ...COUNT, ...fields }, init)).toMatchObject({ success: true });
    expect(await get('machines/', fields, init)).toMatchObject({ success: true });
  });

  it('the sandbox refuses a wrong key and applies nothing', async () => {
    const { sandbox, post } = await sandboxForTest();
    const refused = await post(INCREMENT, COUNT, { headers: { L2LAUTH: 'wrong' } });
    expect(refused).toMatchObject({ status: 401, success: false });
    expect(cyclesOf(sandbox)).toBe(1000);
    expect(JSON.stringify(sandbox.state().calls)).not.toContain('wrong');
  });

  it('the sandbox shows no key that came in a query', async () => {
    const { sandbox, get } = await sandboxForTest();
    await get('machines/', { auth: KEY });
    expect(JSON.stringify(sandbox.state())).not.toContain(KEY);
    expect(await (await fetch(sandbox.url)).text()).not.toContain(KEY);
  });

  it('the sandbox reads no JSON body, knows no other path, and takes writes by POST only', async () => {
    const { post, get } = await sandboxForTest();
    const json = { body: JSON.stringify(COUNT), headers: { 'content-type': 'application/json' } };
    expect((await post(INCREMENT, {}, json)).error).toContain('site not specified');
    expect(await get('machines/explode/')).toMatchObject({ status: 404 });
    expect(await get(INCREMENT, COUNT)).toMatchObject({ status: 405, success: false });
    expect(await post('machines/', {})).toMatchObject({ status: 405 });
  });

  it('the sandbox shows its state as a page in which nothing of a description is markup', async () => {
    const { sandbox, post } = await sandboxForTest();
    await post('dispatches/open/', { ...OPEN, description: '<img src=x onerror=alert(1)>' });
    const answer = await fetch(sandbox.url);
    const html = await answer.text();
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(html).toContain('PRESS-01');
    expect(html).not.toContain('<img');
    expect(html.match(/(?:src|href)="(?!data:)[^"]*"/g)).toBeNull();
  });
});

describe('sandbox faults', () => {
  it.each([
    ['429 with Retry-After', { kind: 'status', status: 429, retryAfter: 7 }, 429, 1000],
    ['500 before applying', { kind: 'status', status: 500, when: 'before' }, 500, 1000],
    ['502 after applying', { kind: 'status', status: 502, when: 'after' }, 502, 1005],
    ['an HTML page before applying', { kind: 'html' }, 200, 1000],
    ['an HTML page after applying', { kind: 'html', when: 'after' }, 200, 1005],
    ['a maintenance page', { kind: 'html', page: 'maintenance' }, 200, 1000],
    ['success:false in general', { kind: 'refuse', error: 'Maintenance' }, 200, 1000],
  ] as const)('the sandbox answers %s', async (_what, fault, status, cycles) => {
    const { sandbox, post } = await sandboxForTest();
    sandbox.setFaults([{ ...fault, count: 1 }]);
    expect(await post(INCREMENT, COUNT)).toMatchObject({ status, success: false });
    expect(cyclesOf(sandbox)).toBe(cycles);
    expect(await post(INCREMENT, COUNT)).toMatchObject({ success: true });
  });

  it('the sandbox redirects to a login page, and does not apply the call', async () => {
    const { sandbox, post } = await sandboxForTest();
    sandbox.setFaults([{ kind: 'redirect' }]);
    const { status } = await post(INCREMENT, COUNT, { redirect: 'manual' });
    expect([status, cyclesOf(sandbox)]).toEqual([302, 1000]);
  });

  it('a fault sends Retry-After only when it is asked for', async () => {
    const { sandbox } = await sandboxForTest();
    const header = async () => (await fetch(`${sandbox.url}/api/1.0/machines/`)).headers.get('retry-after');
    sandbox.setFaults([{ kind: 'status', status: 429, retryAfter: 7 }]);
    expect(await header()).toBe('7');
    sandbox.setFaults([{ kind: 'status', status: 429 }]);
    expect(await header()).toBeNull();
  });

  it.each([
    ['before', 1000],
    ['after', 1005],
  ] as const)('the sandbox resets the connection %s applying', async (when, cycles) => {
    const { sandbox, post } = await sandboxForTest();
    sandbox.setFaults([{ kind: 'reset', when }]);
    await expect(post(INCREMENT, COUNT)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(cyclesOf(sandbox)).toBe(cycles);
    expect(sandbox.state().calls.at(-1)).toMatchObject({ status: 0, success: false });
  });

  it('the sandbox hangs, and applies after the caller gave up', async () => {
    const clock = virtualClock(0);
    const { sandbox, post } = await sandboxForTest({ clock });
    sandbox.setFaults([{ kind: 'hang', ms: 300 }]);
    const caller = new AbortController();
    const call = expect(post(INCREMENT, COUNT, { signal: caller.signal })).rejects.toThrow();
    await expect.poll(() => sandbox.state().faults[0]?.struck).toBe(1);

    clock.advance(299);
    caller.abort();
    await call;
    expect(cyclesOf(sandbox)).toBe(1000);
    clock.advance(1);
    await expect.poll(() => cyclesOf(sandbox)).toBe(1005);
  });

  it('a slow sandbox still answers correctly', async () => {
    const { sandbox, post } = await sandboxForTest();
    sandbox.setFaults([{ kind: 'slow', ms: 120 }]);
    const began = performance.now();
    expect(await post(INCREMENT, COUNT)).toMatchObject({ success: true });
    expect(performance.now() - began).toBeGreaterThanOrEqual(115);
  });

  it('the sandbox is away for a while and comes back on the same port', async () => {
    const clock = virtualClock(0);
    const { sandbox, post } = await sandboxForTest({ clock });
    sandbox.setFaults([{ kind: 'away', ms: 250 }]);
    await expect(post(INCREMENT, COUNT)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    clock.advance(250);
    await expect
      .poll(() =>
        post(INCREMENT, COUNT).then(
          ({ success }) => success,
          () => 'away',
        ),
      )
      .toBe(true);
    expect(cyclesOf(sandbox)).toBe(1005);
    expect(sandbox.state().faults).toEqual([]);
  });

  it('a fault strikes only the calls that it fits', async () => {
    const { sandbox, post, get } = await sandboxForTest();
    sandbox.setFaults([{ kind: 'refuse', path: 'machines/', method: 'POST' }]);
    expect(await post(INCREMENT, COUNT)).toMatchObject({ success: false });
    expect(await get('machines/')).toMatchObject({ success: true });
    expect(await post('dispatches/open/', OPEN)).toMatchObject({ success: true });
  });

  it('a fault strikes by chance, and by the same chance for the same seed', async () => {
    const { sandbox, post } = await sandboxForTest();
    const story = async (seed: number) => {
      sandbox.setFaults([{ kind: 'refuse', probability: 0.5 }], seed);
      const results: boolean[] = [];
      for (let n = 0; n < 24; n += 1) results.push((await post(INCREMENT, COUNT)).success);
      return results;
    };
    const first = await story(1);
    expect(new Set(first).size).toBe(2);
    expect(await story(1)).toEqual(first);
    expect(await story(2)).not.toEqual(first);
  });

  it('the sandbox takes faults at run time by HTTP, and names the part that it does not understand', async () => {
    const { sandbox, post } = await sandboxForTest();
    const tell = (body: unknown, type = 'application/json') =>
      fetch(`${sandbox.url}/sandbox/faults`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': type },
      });
    expect((await tell({ faults: [{ kind: 'refuse', error: 'no' }], manners: { overlap: 'accept' } })).status).toBe(
      200,
    );
    expect((await post(INCREMENT, COUNT)).error).toBe('no');
    const state = (await (await fetch(`${sandbox.url}/sandbox/state`)).json()) as ReturnType<typeof sandbox.state>;
    expect(state).toMatchObject({ faults: [{ kind: 'refuse', struck: 1 }], manners: { overlap: 'accept' } });

    const wrong = await tell({ faults: [{ kind: 'slow', mss: 3 }] });
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('mss')]);
    expect((await tell({ faults: [] }, 'text/plain')).status).toBe(415);
    expect((await tell({ faults: [] })).status).toBe(200);
    expect(await post(INCREMENT, COUNT)).toMatchObject({ success: true });
  });

  it('the sandbox goes away by HTTP and stops while away', async () => {
    const { sandbox } = await sandboxForTest();
    const told = await fetch(`${sandbox.url}/sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ faults: [{ kind: 'away', ms: 60_000 }] }),
      headers: { 'content-type': 'application/json' },
    });
    expect(told.status).toBe(200);
    await expect
      .poll(() =>
        fetch(sandbox.url).then(
          () => 'there',
          () => 'away',
        ),
      )
      .toBe('away');
    await sandbox.stop();
  });
});
