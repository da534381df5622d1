import { describe, expect, it } from 'vitest';
import { NAMED_FAULTS } from '../../../src/simulation/sandbox/named-faults.ts';
import { SMALL_WORLD } from '../../../src/simulation/sandbox/world.ts';
import { virtualClock } from '../../support/virtual-clock.ts';
import { sandboxForTest } from './support.ts';

const OPEN = {
  site: 43,
  machinecode: 'PRESS-01',
  dispatchtypecode: 'DOWN',
  user: 'gateway',
  description: 'Stands',
  trade: 'MAINT',
};

async function shown(timezone: string, at: number, later = 0) {
  const clock = virtualClock(at);
  const world = { sites: SMALL_WORLD.sites.map(site => ({ ...site, timezone })) };
  const { sandbox, post } = await sandboxForTest({ world, clock });
  await post('dispatches/open/', OPEN);
  clock.advance(later);
  return (await (await fetch(sandbox.url)).text()).replace(/<[^>]*>/g, '').replace(/\s+/g, ' ');
}

const control = (url: string, body: object) =>
  fetch(`${url}/sandbox/faults`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

describe('page of the sandbox', () => {
  it.each([
    ['America/Denver', '2026-03-02T13:01:00Z', '2026-03-02 06:01:00 MST'],
    ['America/Denver', '2026-07-02T12:01:00Z', '2026-07-02 06:01:00 MDT'],
    ['Europe/Berlin', '2026-03-02T05:01:00Z', '2026-03-02 06:01:00 CET'],
    ['GMT+4', '2026-03-02T02:01:00Z', '2026-03-02 06:01:00 GMT+4'],
  ])('the page of the sandbox labels times with the zone: %s', async (timezone, at, expected) => {
    const page = await shown(timezone, Date.parse(at));
    expect(page).toContain(expected);
    const [, zone = ''] = /(\S+)$/.exec(expected) ?? [];
    expect(page).toContain(`times in ${zone}`);
    expect(page).toContain(`Time ${zone}`);
    expect(page).toContain('DOWN 06:01:00 – open for 0s');
  });

  it('the page of the sandbox shows the date of records that are not from today', async () => {
    const page = await shown('America/Denver', Date.parse('2026-03-02T13:01:00Z'), 24 * 3_600_000);
    expect(page).toContain('DOWN 2026-03-02 06:01:00 – open for 1d');
  });

  it('the page of the sandbox has a button for each fault, which starts and ends it independently of the others', async () => {
    const { sandbox, get } = await sandboxForTest();
    const names = () => sandbox.state().faults.map(({ name }) => name);
    const pressed = async () =>
      [...(await (await fetch(sandbox.url)).text()).matchAll(/data-switch="([^"=]+)" aria-pressed="true"/g)].map(
        ([, name]) => name,
      );
    const page = await (await fetch(sandbox.url)).text();
    for (const { name } of NAMED_FAULTS) expect(page).toContain(`data-switch="${name}" aria-pressed="false"`);

    await control(sandbox.url, { start: 'bad-key' });
    await control(sandbox.url, { start: 'refuse' });
    expect(await pressed()).toEqual(['refuse', 'bad-key']);
    expect((await get('sites/')).status).toBe(401);
    await control(sandbox.url, { end: 'bad-key' });
    expect(names()).toEqual(['refuse']);
    expect((await get('sites/')).status).toBe(200);
    expect((await control(sandbox.url, { start: 'none-of-this-name' })).status).toBe(400);
  });
});
