import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { CheckRow, CodeSubject, OnlineCheck, SentCode } from '../../src/core/online-check.ts';
import { Secret } from '../../src/core/secret.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createClient } from '../../src/l2l/client.ts';
import { checkOnline } from '../../src/l2l/online-check.ts';
import type { FaultInput } from '../../src/simulation/sandbox/faults.ts';
import { startSandbox } from '../../src/simulation/sandbox/sandbox.ts';
import type { SiteSeed } from '../../src/simulation/sandbox/world.ts';
import { startHttpServer } from '../support/http-server.ts';
import { API_KEY, SITE_ZONE, testSandbox, WORLD } from '../support/sandbox.ts';

const NEVER = new AbortController().signal;
const [SITE] = WORLD.sites as readonly [SiteSeed];

type Asked = {
  readonly url: string;
  readonly site?: number;
  readonly timezone?: string;
  readonly key?: string;
  readonly now?: () => number;
};

function ask({ url, site = 43, timezone = SITE_ZONE, key = API_KEY, now }: Asked, codes: readonly SentCode[]) {
  const { at, now: realNow } = systemClock();
  const clock = { at, now: now ?? realNow };
  const budget = createBudget({ clock, log: silentLogger, rate: null });
  const client = createClient({ url, apiKey: new Secret(key), budget, clock: systemClock(), timeout: 5000 });
  onTestFinished(() => client.close());
  const places = { apiKey: 'g.yaml:4', site: 'g.yaml:5', timezone: 'g.yaml:6' };
  return checkOnline({ client, site, timezone, places, clock, transient: [], destination: 'here', codes }, NEVER);
}

async function rowsOf(asked: Asked, codes: readonly SentCode[]): Promise<OnlineCheck['rows']> {
  const result = await ask(asked, codes);
  if (result.kind !== 'checked') throw new Error(result.detail);
  return result.check.rows;
}

function sent(what: CodeSubject, ...codes: readonly string[]): readonly SentCode[] {
  return codes.map(code => ({ what, code, open: false }));
}

function row(rows: readonly CheckRow[], what: CheckRow['what'], code?: string) {
  return rows.find(one => one.what === what && (code === undefined || one.code === code));
}

async function sandboxOf(site: SiteSeed) {
  const sandbox = await startSandbox({ port: 0, host: '127.0.0.1', key: API_KEY, world: { sites: [site] } });
  onTestFinished(() => sandbox.stop());
  return sandbox;
}

const readsOf = (calls: readonly { readonly path: string }[], area: string) =>
  calls.filter(({ path }) => path === `/api/1.0/${area}/`).length;

describe('the online check of the site', () => {
  it('the online check reports a good site with its name, whether it is a test site, and that the clocks agree', async () => {
    const { url } = await testSandbox();

    expect(await rowsOf({ url }, [])).toEqual([
      { what: 'api key', code: '', state: 'good', words: '' },
      { what: 'site', code: '43', state: 'good', words: '"Sandbox plant", a test site' },
      { what: 'time zone', code: SITE_ZONE, state: 'good', words: '' },
      { what: 'clock', code: '', state: 'good', words: 'as the clock of L2L' },
    ]);
  });

  it('the online check finds a site that is not active, and a site that the key does not have', async () => {
    const { url } = await sandboxOf({ ...SITE, active: false });

    expect(row(await rowsOf({ url }, []), 'site')).toMatchObject({
      state: 'wrong',
      words: expect.stringMatching(/^not active/),
    });
    const other = await rowsOf({ url, site: 44 }, sent('machine', 'PRESS-01'));
    expect(row(other, 'site')).toMatchObject({
      state: 'wrong',
      words: expect.stringMatching(/sites are 43.*g\.yaml:5$/),
    });
    expect(row(other, 'machine')).toMatchObject({ state: 'unchecked' });
  });

  it('the online check finds a wrong key, and asks about nothing else', async () => {
    const sandbox = await testSandbox();
    const rows = await rowsOf({ url: sandbox.url, key: 'wrong' }, sent('machine', 'PRESS-01'));

    expect(rows.map(({ what, state }) => [what, state])).toEqual([
      ['api key', 'wrong'],
      ['site', 'unchecked'],
      ['time zone', 'unchecked'],
      ['machine', 'unchecked'],
    ]);
  });

  it('the online check finds another time zone, and still compares the codes', async () => {
    const { url } = await testSandbox();
    const rows = await rowsOf({ url, timezone: 'Europe/Berlin' }, sent('machine', 'PRESS-01'));

    expect(row(rows, 'time zone')).toMatchObject({
      state: 'wrong',
      words: expect.stringContaining(`is in ${SITE_ZONE}`),
    });
    expect(row(rows, 'site')).toMatchObject({ state: 'good' });
    expect(row(rows, 'machine')).toMatchObject({ state: 'good' });
  });

  it('the online check finds a clock that is wrong by more than half a minute', async () => {
    const { url } = await testSandbox();
    const off = (ms: number) => rowsOf({ url, now: () => Date.now() + ms }, []);

    expect(row(await off(600_000), 'clock')).toMatchObject({
      state: 'wrong',
      words: expect.stringMatching(/^this host is (?:9m5\ds|10m\d*s?) ahead of L2L; set/),
    });
    expect(row(await off(-600_000), 'clock')).toMatchObject({
      state: 'wrong',
      words: expect.stringContaining('behind L2L'),
    });
    expect(row(await off(10_000), 'clock')).toMatchObject({
      state: 'good',
      words: expect.stringContaining('ahead of L2L'),
    });
  });
});

describe('the online check of codes', () => {
  it('the online check finds missing codes, inactive codes, and lines that take no production, with the nearest code', async () => {
    const [line, ...lines] = SITE.lines as readonly [SiteSeed['lines'][number]];
    const { url } = await sandboxOf({
      ...SITE,
      lines: [{ ...line, enable_pitchdetails_api: false, machines: [{ code: 'PRESS-01', active: false }] }, ...lines],
    });
    const rows = await rowsOf({ url }, [
      ...sent('line', 'LINE-1', 'LINE-2'),
      ...sent('machine', 'PRESS-01', 'WELD-01', 'WELD-1', 'ROBOT-02', 'NOTHING-LIKE-IT'),
      ...sent('type', 'DOWN', 'OLD'),
      ...sent('trade', 'MAINT', 'MAINTT'),
      ...sent('reason', 'HYDR', 'hydr'),
      ...sent('product', 'P-100', 'P-900'),
    ]);
    const wrong = rows.filter(({ state }) => state !== 'good');

    expect(wrong.map(({ what, code, state }) => `${what} ${code} ${state}`)).toEqual([
      'line LINE-1 wrong',
      'machine PRESS-01 wrong',
      'machine WELD-1 wrong',
      'machine NOTHING-LIKE-IT wrong',
      'type OLD wrong',
      'trade MAINTT wrong',
      'reason hydr wrong',
      'product P-900 wrong',
    ]);
    expect(row(rows, 'line', 'LINE-1')?.words).toContain('enable_pitchdetails_api');
    expect(row(rows, 'machine', 'PRESS-01')?.words).toMatch(/^not active in L2L/);
    expect(row(rows, 'machine', 'WELD-1')?.words).toBe('L2L does not have it; did you mean `WELD-01`?');
    expect(row(rows, 'machine', 'NOTHING-LIKE-IT')?.words).toMatch(/; correct the code, or set it up in L2L$/);
    expect(row(rows, 'trade', 'MAINTT')?.words).toMatch(/default trade\); did you mean `MAINT`\?$/);
    expect(row(rows, 'reason', 'hydr')?.words).toMatch(/did you mean `HYDR`\?$/);
    expect(row(rows, 'product', 'P-900')?.words).toMatch(/new product.*did you mean `P-[123]00`\?$/);
  });

  it('the check finds types whose dispatches L2L opens only with a reason or a tooling that the rules do not give', async () => {
    const { url } = await testSandbox();
    const type = (code: string, opened?: 'with reason' | 'without reason'): SentCode => ({
      ...{ what: 'type', code, open: false },
      ...(opened && { opened }),
    });
    const stateOf = async (one: SentCode) => row(await rowsOf({ url }, [one]), 'type');

    expect(await stateOf(type('REASONED', 'without reason'))).toMatchObject({
      state: 'wrong',
      words: expect.stringMatching(/wants a reason.*write reason:/),
    });
    expect(await stateOf(type('REASONED', 'with reason'))).toMatchObject({ state: 'good' });
    expect(await stateOf(type('TOOLED', 'with reason'))).toMatchObject({
      state: 'wrong',
      words: expect.stringContaining('requiretoolingonopen'),
    });
    expect(await stateOf(type('TOOLED'))).toMatchObject({ state: 'good' });
    expect(await stateOf(type('DOWN', 'without reason'))).toMatchObject({ state: 'good' });
  });

  it('the online check does not guess a code that a signal completes', async () => {
    const { url } = await testSandbox();
    const rows = await rowsOf({ url }, [{ what: 'product', code: 'P-{{ press.recipe }}', open: true }]);

    expect(row(rows, 'product')).toMatchObject({
      state: 'unchecked',
      words: expect.stringContaining('values of signals'),
    });
  });

  it('the online check makes few reads: one for many machines, and no list of a large site for a few products', async () => {
    const products = Array.from({ length: 5000 }, (_, index) => `P-${index}`);
    const machines = Array.from({ length: 40 }, (_, index) => ({ code: `M-${index}` }));
    const sandbox = await sandboxOf({ ...SITE, products, lines: [{ code: 'LINE-1', machines }] });
    const rows = await rowsOf({ url: sandbox.url }, [
      ...sent('machine', ...machines.map(({ code }) => code)),
      ...sent('product', 'P-1', 'P-4999'),
    ]);

    expect(rows.filter(({ state }) => state !== 'good')).toEqual([]);
    const { calls } = sandbox.state();
    expect(readsOf(calls, 'machines')).toBe(1);
    expect(readsOf(calls, 'productcomponents')).toBe(2);
  });

  it('a list that is too long to be read does not prove that a code is missing', async () => {
    const products = Array.from({ length: 10_050 }, (_, index) => `P-${index}`);
    const { url } = await sandboxOf({ ...SITE, products });
    const asked = [...products.slice(0, 60), 'P-10049', 'P-X'];
    const rows = await rowsOf({ url }, sent('product', ...asked));

    expect(rows.filter(({ state }) => state !== 'good')).toMatchObject([{ code: 'P-X', state: 'wrong' }]);
  });
});

const LACKS: readonly (readonly [string, FaultInput])[] = [
  ['401', { kind: 'status', status: 401 }],
  ['403', { kind: 'status', status: 403 }],
  ['success:false', { kind: 'refuse', error: 'You do not have permission to perform this action.' }],
  ['opaque words', { kind: 'refuse', error: 'E-1009' }],
];

describe('the online check with a key without a right', () => {
  it.each(LACKS)('without the right to read machines (%s), only their row cannot be checked', async (_, lack) => {
    const sandbox = await testSandbox();
    sandbox.setFaults([{ ...lack, path: 'machines', method: 'GET' }]);
    const rows = await rowsOf({ url: sandbox.url }, [...sent('machine', 'PRESS-01'), ...sent('type', 'DOWN', 'DOWNN')]);

    expect(row(rows, 'machine')).toMatchObject({
      state: 'unchecked',
      words: expect.stringMatching(/lacks the right to read|may lack this right/),
    });
    expect(row(rows, 'type', 'DOWN')).toMatchObject({ state: 'good' });
    expect(row(rows, 'type', 'DOWNN')).toMatchObject({ state: 'wrong' });
  });

  it.each(LACKS)(
    'without the right to read sites (%s), site and zone cannot be checked, and the codes are still compared',
    async (_, lack) => {
      const sandbox = await testSandbox();
      sandbox.setFaults([{ ...lack, path: 'sites', method: 'GET' }]);
      const rows = await rowsOf({ url: sandbox.url }, sent('machine', 'PRESS-01', 'PRESS-1'));

      expect(row(rows, 'site')).toMatchObject({ state: 'unchecked' });
      expect(row(rows, 'time zone')).toMatchObject({ state: 'unchecked' });
      expect(row(rows, 'machine', 'PRESS-01')).toMatchObject({ state: 'good' });
      expect(row(rows, 'machine', 'PRESS-1')).toMatchObject({ state: 'wrong' });
    },
  );
});

describe('the online check without an answer of L2L', () => {
  it('the online check without an answer says why, and judges nothing', async () => {
    const page = await startHttpServer((_request, response) => response.end('<h1>Please sign in</h1>'));

    expect(await ask({ url: page.url }, sent('machine', 'PRESS-01'))).toMatchObject({
      kind: 'no answer',
      detail: expect.stringContaining('sign in'),
    });
    expect(await ask({ url: 'http://127.0.0.1:1' }, [])).toMatchObject({
      kind: 'no answer',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
