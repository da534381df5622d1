import { describe, expect, it } from 'vitest';
import { OPEN, record, records, sandboxForTest } from './support.ts';

describe('sandbox machines', () => {
  it.each([
    ['sets', 'machines/set_cycle_count/', 1500],
    ['increments', 'machines/increment_cycle_count/', 2500],
  ])('the sandbox %s a cycle count by code and site or by id, and answers `machine`', async (_what, path, after) => {
    const { sandbox, post } = await sandboxForTest();
    const answered = await post(path, { site: 43, code: 'PRESS-01', cyclecount: 1500 });
    expect(answered).toMatchObject({ success: true, body: { machine: { code: 'PRESS-01', cyclecount: after } } });
    expect(answered.body.data).toBeUndefined();
    const id = sandbox.state().machines[1]?.id;
    expect(await post(`${path}${id}/`, { cyclecount: 3 })).toMatchObject({ body: { machine: { cyclecount: 3 } } });
    expect(sandbox.state().log.map(({ target, change }) => [target, change.to])).toEqual([
      ['PRESS-01', after],
      ['PRESS-02', 3],
    ]);
  });

  it.each([
    ['no count', { site: 43, code: 'PRESS-01' }, 'Missing cyclecount'],
    ['half a cycle', { site: 43, code: 'PRESS-01', cyclecount: 1.5 }, 'Invalid cyclecount'],
    ['no site', { code: 'PRESS-01', cyclecount: 1 }, 'site not specified'],
    ['no code', { site: 43, cyclecount: 1 }, 'Missing code'],
    ['the code of nobody', { site: 43, code: 'X', cyclecount: 1 }, 'no machine X'],
  ])('the sandbox refuses %s', async (_what, fields, error) => {
    const { sandbox, post } = await sandboxForTest();
    expect((await post('machines/increment_cycle_count/', fields)).error).toContain(error);
    expect(sandbox.state().log).toEqual([]);
  });

  it('the sandbox leaves lastupdated alone where the request asks for it', async () => {
    const { sandbox, post } = await sandboxForTest();
    const before = sandbox.state().machines[0]?.lastupdated;
    await post('machines/set_cycle_count/', { site: 43, code: 'PRESS-01', cyclecount: 1, skip_lastupdated: 1 });
    expect(sandbox.state().machines[0]?.lastupdated).toBe(before);
    await post('machines/set_cycle_count/', { site: 43, code: 'PRESS-01', cyclecount: 2 });
    expect(sandbox.state().machines[0]?.lastupdated).toBeGreaterThan(before ?? 0);
  });

  it('the sandbox counts and shows the open dispatches of a machine by its id', async () => {
    const { sandbox, post, get } = await sandboxForTest();
    const machine = sandbox.state().machines[0]?.id;
    const { id } = record(await post('dispatches/open/', OPEN));
    const other = record(await post('dispatches/open/', { ...OPEN, dispatchtypecode: 'QUALITY' }));
    await post(`dispatches/close/${record(await post('dispatches/open/', OPEN)).id}`, {});
    const path = `machines/get_open_dispatches/${machine}/`;
    const all = await get(path, { site: 43 });
    expect(all.body.count).toBe(2);
    expect(records(all)[0]).toMatchObject({ id, machineid: machine, dispatchtype: 'DOWN', deleted: 'F' });
    const quality = await get(path, { site: 43, dispatchtype_ids: String(other.dispatchtype), get_data: 0 });
    expect(quality.body).toEqual({ success: true, count: 1 });
  });
});

describe('sandbox lists', () => {
  it.each(['sites', 'lines', 'machines', 'dispatchtypes', 'trades', 'reasons', 'productcomponents', 'dispatches'])(
    'the sandbox reads %s with filters by every field it shows, and refuses other names',
    async area => {
      const { post, get } = await sandboxForTest();
      await post('dispatches/open/', { ...OPEN, reasoncode: 'HYDR' });
      const first = records(await get(`${area}/`, { limit: 1 }))[0] ?? {};
      for (const [field, value] of Object.entries(first)) {
        if (value === null || value === '') continue;
        const found = await get(`${area}/`, { [field]: String(value), fields: 'id' });
        expect([field, records(found)]).toEqual([field, expect.arrayContaining([{ id: first.id }])]);
      }
      expect((await get(`${area}/`, { cod: 'x' })).error).toContain("Cannot resolve keyword 'cod'");
      expect(record(await get(`${area}/${first.id}/`)).id).toBe(first.id);
    },
  );

  it('the sandbox pages, orders and picks fields', async () => {
    const { get } = await sandboxForTest();
    const page = await get('machines/', { site: 43, order_by: '-code', limit: 2, offset: 1, fields: 'code' });
    expect(page.body).toEqual({
      success: true,
      limit: 2,
      offset: 1,
      data: [{ code: 'WELD-01' }, { code: 'ROBOT-02' }],
    });
  });

  it.each(
    [
      ['cyclecount__gt', '7', ['PRESS-01', 'WELD-01']],
      ['cyclecount__gte', '500', ['PRESS-01', 'WELD-01']],
      ['cyclecount__lt', '7', ['PRESS-02', 'WELD-02', 'ROBOT-01']],
      ['code__lte', 'PRESS-02', ['PRESS-01', 'PRESS-02']],
      ['line__isnull', 'False', ['PRESS-01', 'PRESS-02', 'WELD-01', 'WELD-02', 'ROBOT-01', 'ROBOT-02']],
      ['active', 'False', []],
    ].map(([filter, value, codes]) => [filter, value, (codes as string[]).toSorted()] as [string, string, string[]]),
  )('the sandbox filters by %s=%s', async (filter, value, codes) => {
    const { get } = await sandboxForTest();
    const found = records(await get('machines/', { [filter]: value, order_by: 'code' }));
    expect(found.map(({ code }) => code)).toEqual(codes);
  });

  it('the sandbox compares times in UTC and shows them in site time', async () => {
    const { post, get } = await sandboxForTest();
    await post('dispatches/open/', OPEN);
    const since = (text: string) => get('dispatches/', { reported__gte: text, fields: 'reported' });
    expect(records(await since('2026-03-02T13:01:00'))).toEqual([{ reported: '2026-03-02 06:01:00' }]);
    expect(records(await since('2026-03-02T13:01:01'))).toEqual([]);
    expect((await since('2026-03-02T13:01:00Z')).error).toContain('is not a UTC time');
  });

  it.each([
    ['dispatches/', 1000],
    ['machines/', 2000],
  ])('the sandbox refuses more of %s than %d at once', async (path, max) => {
    const { get } = await sandboxForTest();
    expect(await get(path, { limit: max })).toMatchObject({ success: true, body: { limit: max } });
    expect((await get(path, { limit: max + 1 })).error).toContain(`exceeds the maximum of ${max}`);
  });
});
