import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../support/virtual-clock.ts';
import { KEY, OPEN, record, records, sandboxForTest } from './support.ts';

describe('sandbox dispatches', () => {
  it('the sandbox opens a dispatch with its site time and lists it as open', async () => {
    const { post, get } = await sandboxForTest();
    const opened = await post('dispatches/open/', OPEN);
    expect(opened).toMatchObject({ status: 200, success: true });
    expect(record(opened)).toMatchObject({
      machinecode: 'PRESS-01',
      dispatchtypecode: 'DOWN',
      open: 'T',
      reported: '2026-03-02 06:01:00',
      reported_utc: '2026-03-02 13:01:00',
      completed: null,
      createdby: 'gateway',
    });
    const listed = await get('dispatches/', { site: 43, machinecode: 'PRESS-01', dispatchtypecode: 'DOWN', open: 'T' });
    expect(records(listed).map(({ id }) => id)).toEqual([record(opened).id]);
  });

  it.each([
    ['site', { site: '' }, 'Unable to lookup site. Error: site not specified'],
    ['site number of nobody', { site: 3 }, 'there is no site 3'],
    ['machine', { machinecode: '' }, 'Missing machinecode parameter'],
    ['machine of nobody', { machinecode: 'PRESS-99' }, 'no active machine PRESS-99'],
    ['type', { dispatchtypecode: '' }, 'Missing dispatchtypecode parameter'],
    ['inactive type', { dispatchtypecode: 'OLD' }, 'no active dispatch type OLD'],
    ['description', { description: '' }, 'Missing description parameter'],
    ['user', { user: '' }, 'Missing user parameter'],
    ['user of nobody', { user: 'ghost' }, 'no user ghost'],
    ['trade', { trade: '' }, 'Missing trade parameter'],
    ['trade of nobody', { trade: 'X', trade_required: true }, 'Invalid trade: X'],
    ['reason of nobody', { reasoncode: 'X' }, 'no active reason X'],
    ['reason on open', { dispatchtypecode: 'REASONED' }, 'Reason is required'],
    ['tooling on open', { dispatchtypecode: 'TOOLED' }, 'Tooling is required'],
    ['ISO time', { reported: '2026-03-02T06:01:00' }, 'does not match "%Y-%m-%d %H:%M:%S" or "%Y-%m-%d %H:%M"'],
    ['time with a fraction', { reported: '2026-03-02 06:01:00.5' }, 'Invalid reported'],
    ['day that is none', { reported: '2026-02-30 06:01:00' }, 'Invalid reported'],
    ['due with seconds', { due: '2026-03-02 06:01:00' }, 'Invalid due'],
  ])('the sandbox refuses to open with a wrong or missing %s', async (_what, wrong, error) => {
    const { sandbox, post } = await sandboxForTest();
    const refused = await post('dispatches/open/', { ...OPEN, ...wrong });
    expect(refused).toMatchObject({ status: 200, success: false });
    expect(refused.error).toContain(error);
    expect(sandbox.state().dispatches).toEqual([]);
    expect(sandbox.state().log).toEqual([]);
  });

  it('the sandbox falls back to the default trade without a word, and takes a time without seconds', async () => {
    const { post } = await sandboxForTest();
    const opened = await post('dispatches/open/', { ...OPEN, trade: 'NOBODY', reported: '2026-03-02 06:01' });
    expect(record(opened)).toMatchObject({ tradecode: 'MAINT', reported: '2026-03-02 06:01:00' });
  });

  it('the sandbox reports parameters that L2L ignores silently', async () => {
    const { sandbox, post } = await sandboxForTest();
    await post('dispatches/open/', { ...OPEN, reportd: '2026-03-02 06:01' });
    expect(sandbox.state().log[0]?.ignored).toEqual(['reportd']);
  });

  it('a dispatch of a blocking type blocks all such types on its machine, and no others', async () => {
    const { post } = await sandboxForTest();
    await post('dispatches/open/', { ...OPEN, dispatchtypecode: 'SINGLE' });
    const refused = await post('dispatches/open/', { ...OPEN, dispatchtypecode: 'SINGLE2' });
    expect(refused.error).toContain('already has an open critical Dispatch');
    expect(await post('dispatches/open/', OPEN)).toMatchObject({ success: true });
    expect(
      await post('dispatches/open/', { ...OPEN, dispatchtypecode: 'SINGLE2', machinecode: 'PRESS-02' }),
    ).toMatchObject({
      success: true,
    });
  });

  describe('prevent_duplicates', () => {
    it.each([
      ['refuse', { success: false }],
      ['existing', { success: true, data: true }],
      ['nothing', { success: true, data: false }],
    ] as const)(
      'prevent_duplicates creates nothing beside an open dispatch and can %s',
      async (duplicate, expected) => {
        const { sandbox, post } = await sandboxForTest({ manners: { duplicate } });
        const first = await post('dispatches/open/', OPEN);
        const second = await post('dispatches/open/', { ...OPEN, prevent_duplicates: true });
        expect(second.success).toBe(expected.success);
        if ('data' in expected) expect(second.body.data !== undefined).toBe(expected.data);
        if (second.body.data) expect(record(second).id).toBe(record(first).id);
        expect(sandbox.state().dispatches).toHaveLength(1);
      },
    );

    it('the sandbox refuses an event before the end of a closed dispatch, also when another dispatch has no end', async () => {
      const { post } = await sandboxForTest();
      const first = await post('dispatches/open/', OPEN);
      await post(`dispatches/close/${record(first).id}`, { completed: '2026-03-02 06:10:00' });
      const again = { ...OPEN, prevent_duplicates: 1 };
      expect(await post('dispatches/open/', { ...again, reported: '2026-03-02 06:09:59' })).toMatchObject({
        success: false,
      });
      expect(await post('dispatches/open/', { ...again, reported: '2026-03-02 06:10:00' })).toMatchObject({
        success: true,
      });
    });
  });

  it.each([
    ['any', 'tradecode', 'MAINT', true],
    ['any', 'trade', 'ID', true],
    ['tradecode', 'tradecode', 'MAINT', true],
    ['tradecode', 'trade', 'MAINT', false],
    ['trade_code', 'trade', 'MAINT', true],
    ['trade_code', 'tradecode', 'MAINT', false],
    ['trade_code', 'trade', 'ID', false],
    ['trade_id', 'trade', 'ID', true],
    ['trade_id', 'trade', 'MAINT', false],
    ['trade_id', 'tradecode', 'ID', false],
  ] as const)('with the manner trade=%s an open with %s=%s succeeds: %s', async (trade, field, given, success) => {
    const { sandbox, post } = await sandboxForTest({ manners: { trade } });
    const id = sandbox.state().trades.find(({ code }) => code === 'MAINT')?.id ?? 0;
    const { trade: _without, ...rest } = OPEN;
    const fields = { ...rest, trade_required: true, [field]: given === 'ID' ? id : given };
    expect(await post('dispatches/open/', fields)).toMatchObject({ success });
  });

  it('with the manner completed=now a close stores the current time, unless the dispatch was completed before', async () => {
    const clock = virtualClock(Date.parse('2026-03-02T13:30:00Z'));
    const { sandbox, post } = await sandboxForTest({ clock });
    sandbox.setManners({ completed: 'now' });
    const completed = '2026-03-02 06:30:01';
    const [first, second] = [
      record(await post('dispatches/open/', OPEN)),
      record(await post('dispatches/open/', OPEN)),
    ];
    clock.advance(60_000);
    expect(record(await post(`dispatches/close/${first.id}`, { completed })).completed).toBe('2026-03-02 06:31:00');
    await post(`dispatches/complete/${second.id}`, { completed });
    expect(record(await post(`dispatches/close/${second.id}`, { completed })).completed).toBe(completed);
  });

  it('the sandbox closes a dispatch with the given time, once, by id and not by number', async () => {
    const { post } = await sandboxForTest();
    const opened = record(await post('dispatches/open/', OPEN));
    expect(await post(`dispatches/close/${opened.dispatchnumber}`, {})).toMatchObject({ success: false });
    const closed = await post(`dispatches/close/${opened.id}`, { completed: '2026-03-02 06:09:00' });
    expect(record(closed)).toMatchObject({ open: 'F', completed: '2026-03-02 06:09:00' });
    const again = await post(`dispatches/close/${opened.id}`, { completed: '2026-03-02 06:20:00' });
    expect(again.error).toBe('Dispatch already closed');
  });

  it('the sandbox keeps the completed time when it closes a completed dispatch', async () => {
    const { post } = await sandboxForTest();
    const { id } = record(await post('dispatches/open/', OPEN));
    expect(record(await post(`dispatches/complete/${id}`, { completed: '2026-03-02 06:05:00' }))).toMatchObject({
      open: 'T',
    });
    expect((await post(`dispatches/complete/${id}`, {})).error).toBe('Dispatch is already completed');
    const closed = await post(`dispatches/close/${id}`, { completed: '2026-03-02 06:30:00' });
    expect(record(closed)).toMatchObject({ open: 'F', completed: '2026-03-02 06:05:00' });
  });

  it.each(['close', 'complete'])(
    'the sandbox refuses to %s before the start or in another form of time',
    async method => {
      const { sandbox, post } = await sandboxForTest();
      const { id } = record(await post('dispatches/open/', OPEN));
      const early = await post(`dispatches/${method}/${id}`, { completed: '2026-03-02 06:00:59' });
      expect(early.error).toContain('before the reported time');
      const form = await post(`dispatches/${method}/${id}`, { completed: '2026-03-02 06:09' });
      expect(form.error).toContain('Invalid completed');
      expect(sandbox.state().dispatches[0]).toMatchObject({ completed: null, closed: null });
    },
  );

  it('a close by machine closes all open dispatches of the machine, or only those with the reason', async () => {
    const { post } = await sandboxForTest();
    const ids: unknown[] = [];
    for (const reasoncode of ['HYDR', 'ELEC'])
      ids.push(record(await post('dispatches/open/', { ...OPEN, reasoncode })).id);
    const slot = { site: 43, machinecode: 'PRESS-01', dispatchtypecode: 'DOWN', completed: '2026-03-02 06:09:00' };
    const none = await post('dispatches/closemachine/', { ...slot, reasoncode: 'OTHER' });
    expect(none.body).toEqual({ success: true, data: [] });
    const one = await post('dispatches/closemachine/', { ...slot, reasoncode: 'ELEC' });
    expect(records(one).map(({ id }) => id)).toEqual([ids[1]]);
    const rest = await post('dispatches/closemachine/', slot);
    expect(records(rest).map(({ id }) => id)).toEqual([ids[0]]);
  });

  it('the sandbox adds a finished dispatch, with whole minutes only', async () => {
    const { post } = await sandboxForTest();
    const { user: _user, ...fields } = { ...OPEN, reported: '2026-03-02 06:01', completed: '2026-03-02 06:09' };
    const added = await post('dispatches/add/', { ...fields, resource: 'kim', externalid: 'gw-1' });
    expect(record(added)).toMatchObject({ open: 'F', externalid: 'gw-1', completed: '2026-03-02 06:09:00' });
    expect((await post('dispatches/add/', { ...fields, resource: 'ghost' })).error).toContain(
      'Invalid resource name(s)',
    );
    const backwards = await post('dispatches/add/', { ...fields, resource: 'kim', completed: '2026-03-02 06:00' });
    expect(backwards.error).toContain('before the reported time');
    const seconds = await post('dispatches/add/', { ...fields, resource: 'kim', completed: '2026-03-02 06:09:00' });
    expect(seconds.error).toContain('Invalid completed');
  });

  it('the sandbox lets people comment, change the reason or the type, and delete', async () => {
    const { post, get } = await sandboxForTest();
    const { id } = record(await post('dispatches/open/', OPEN));
    const byKim = { realuser: 'kim', auth: KEY };
    expect(await post(`dispatches/add_comment/${id}`, { ...byKim, comment: 'on my way' })).toMatchObject({
      success: true,
      body: { data: { id, description: 'Press 1 stopped\non my way' } },
    });
    expect(record(await post(`dispatches/set_reason/${id}`, { ...byKim, reason: 'ELEC' })).reasoncode).toBe('ELEC');
    expect(await post(`dispatches/changetype/${id}`, { ...byKim, dispatchtype_code: 'QUALITY' })).toMatchObject({
      success: true,
    });
    const [changed] = records(await get('dispatches/', { id: String(id) }));
    expect(changed).toMatchObject({
      description: 'Press 1 stopped\non my way',
      reasoncode: 'ELEC',
      dispatchtypecode: 'QUALITY',
      lastupdatedby: 'kim',
    });
    expect(await post('dispatches/', { id: String(id), _action: 'delete' })).toMatchObject({ success: true });
    expect((await post(`dispatches/close/${id}`, {})).error).toContain('does not exist');
  });

  it('the sandbox feeds changes in their order, with a cursor', async () => {
    const { post, get } = await sandboxForTest();
    const ids: unknown[] = [];
    for (let n = 0; n < 3; n += 1) ids.push(record(await post('dispatches/open/', OPEN)).id);
    await post(`dispatches/close/${ids[0]}`, {});
    const since = { site: 43, lastupdated: '2026-03-02 00:00:00' };
    const all = await get('dispatches/get_event_data/', since);
    expect(records(all).map(({ id }) => id)).toEqual([ids[1], ids[2], ids[0]]);
    expect(all.body.max_lastupdated_apiformat).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(records(await get('dispatches/get_event_data/', { ...since, open: 1 }))).toHaveLength(2);
    expect((await get('dispatches/get_event_data/', { site: 43 })).error).toBe('Missing lastupdated parameter');
    expect((await get('dispatches/get_event_data/', { ...since, limit: 1001 })).error).toContain('exceeds the maximum');
  });
});
