import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createWatch, type WatchOptions } from '../../src/l2l/watch.ts';
import { PATIENCE } from '../support/patience.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { virtualClock } from '../support/virtual-clock.ts';
import { answer, type Sent } from './calls.ts';
import { episode, openPlant } from './episode.ts';

const START = Date.parse('2026-03-02T13:00:00Z');
const OPEN = { open: 'T', completed: null, closed: null, deleted: '' };

/** A watch over an L2L with these `records`. Once a minute it reads the dispatches that `dispatches` names by chain. */
function setUp(dispatches: Record<string, number | undefined>, options: Partial<WatchOptions> = {}) {
  const clock = virtualClock(START);
  const records = new Map<number, object>();
  const asked: Sent['fields'][] = [];
  const closed: [string, number | null][] = [];
  const log = recordingLogger();
  const watch = createWatch({
    client: {
      async get(_method, query) {
        const fields = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
        asked.push(fields);
        const all = [...records].map(([id, record]) => ({ id, ...OPEN, ...record }));
        const data = 'id' in fields ? all.filter(({ id }) => String(id) === fields.id) : all;
        const from = Number(fields.offset ?? 0);
        return answer({ success: true, data: data.slice(from, from + 1000) });
      },
    },
    site: 43,
    clock,
    log,
    every: 60_000,
    watched: () => Object.keys(dispatches).map(chain => ({ rule: 'r', chain })),
    dispatchOf: chain => dispatches[chain],
    onClosed: (chain, at) => closed.push([chain, at === null ? null : at - START]),
    ...options,
  });
  watch.start();
  onTestFinished(() => watch.stop());
  const minute = async () => {
    clock.advance(60_000);
    for (let n = 0; n < 50; n += 1) await turn();
  };
  return { records, asked, closed, log, minute, watch, clock };
}

describe('watch', () => {
  it('the watch on dispatches reads nothing while no episode is watched or none has a dispatch yet', async () => {
    const { asked, minute } = setUp({ 'r#1': undefined });
    await minute();
    expect(asked).toEqual([]);
  });

  it('one read covers all watched dispatches while they are open', async () => {
    const { asked, closed, records, minute } = setUp({ 'r#1': 1, 's#1': 2 });
    records.set(1, {}).set(2, {});
    await minute();
    await minute();
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({ site: '43', open: 'T', limit: '1000' });
    expect(closed).toEqual([]);
  });

  it.each<readonly [string, object, number | null]>([
    ['closed', { open: 'F', completed: 'x', completed_utc: '2026-03-02 12:58:00' }, -120_000],
    ['completed and not closed yet', { completed: 'x', completed_utc: '2026-03-02 12:59:00' }, -60_000],
    ['closed without having been completed', { open: 'F', closed: 'x', closed_utc: '2026-03-02 12:57:00' }, -180_000],
    ['deleted, which L2L gives no time for', { deleted: 'Y' }, null],
  ])('the watch on dispatches reports a dispatch that is %s, with the time', async (_what, record, at) => {
    const { records, closed, minute } = setUp({ 'r#1': 1, 's#1': 2 });
    records.set(1, record).set(2, {});
    await minute();
    expect(closed).toEqual([['r#1', at]]);
  });

  it('a dispatch that is missing in the list is read by its id', async () => {
    const { closed, minute, asked } = setUp({ 'r#1': 1 });
    await minute();
    expect(asked[1]).toMatchObject({ site: '43', id: '1' });
    expect(closed).toEqual([]);
  });

  it('the watch on dispatches reads on when more dispatches are open than one read returns', async () => {
    const { records, closed, asked, minute } = setUp({ 'r#1': 1500 });
    for (let id = 1; id <= 1500; id += 1) records.set(id, {});
    await minute();
    expect(asked.map(({ offset }) => offset)).toEqual(['0', '1000']);
    expect(closed).toEqual([]);
  });

  it('the watch on dispatches does not report an episode that ended during the read', async () => {
    const dispatches: Record<string, number> = { 'r#1': 1 };
    const { records, closed, minute } = setUp(dispatches, {
      dispatchOf(chain) {
        const id = dispatches[chain];
        delete dispatches[chain];
        return id;
      },
    });
    records.set(1, { open: 'F', closed: 'x' });
    await minute();
    expect(closed).toEqual([]);
  });

  it('the watch on dispatches goes on after L2L was away, and after an error of its listener', async () => {
    let fails = true;
    const closed: string[] = [];
    const { records, log, minute } = setUp(
      { 'r#1': 1 },
      {
        onClosed(chain) {
          if (fails) throw new Error('bug');
          closed.push(chain);
        },
      },
    );
    records.set(1, { open: 'F', closed: 'x' });
    await minute();
    expect(log.lines).toMatchObject([{ level: 'error', fields: { error: 'bug' } }]);
    fails = false;
    await minute();
    expect(closed).toEqual(['r#1']);
  });

  it('the watch on dispatches reads nothing after a stop', async () => {
    const { records, asked, minute, watch } = setUp({ 'r#1': 1 });
    records.set(1, {});
    watch.stop();
    await minute();
    expect(asked).toEqual([]);
  });

  it('the watch on dispatches reports a dispatch that a person closed in the sandbox, with the time of L2L', async () => {
    const { commit, isIdle, journal, client, clock, log, person, dispatches } = await openPlant();
    const one = episode(1, 600_000, 60_000);
    const other = episode(1, 600_000, 60_000, { machine: 'PRESS-02', rule: 'other' });
    await commit(one.open, other.open);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    const [dispatch] = dispatches();
    const closed: [string, number | null][] = [];
    const watch = createWatch({
      client,
      site: 43,
      clock,
      log,
      every: 20,
      watched: () => [one, other].map(({ chain }) => ({ rule: 'r', chain })),
      dispatchOf: chain => journal.chain(chain).result?.dispatchId,
      onClosed: (chain, at) => closed.push([chain, at]),
    });
    onTestFinished(() => watch.stop());
    watch.start();
    await person(`dispatches/close/${dispatch?.id}`);
    await vi.waitFor(() => expect(closed).not.toEqual([]), PATIENCE);
    expect(new Set(closed.map(([chain]) => chain))).toEqual(new Set([one.chain]));
    expect(closed[0]?.[1]).toBe(dispatches()[0]?.completed);
  });
});
