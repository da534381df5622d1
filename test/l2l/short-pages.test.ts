import { describe, expect, it } from 'vitest';
import { listOpen, listSince } from '../../src/l2l/dispatches.ts';
import { createReader, readWhole } from '../../src/l2l/reader.ts';
import { createSiteZone } from '../../src/l2l/site-time.ts';
import { answer, NEVER } from './calls.ts';

const SLOT = { site: 43, machine: 'M1', type: 'DOWN' };

/** An L2L with this many dispatches. It gives pages of at most `most` records, and says so. */
function l2l(count: number, most: number) {
  const all = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    machinecode: 'M1',
    dispatchtypecode: 'DOWN',
  }));
  const get = async (_method: string, { limit = most, offset = 0 }: Readonly<Record<string, unknown>>) => {
    const size = Math.min(Number(limit), most);
    return answer({ success: true, limit: size, data: all.slice(Number(offset), Number(offset) + size) });
  };
  return createReader({ get }, []);
}

/** L2L's reference: the returned limit may be smaller than the one that was asked for. */
describe('pages that are shorter than asked', () => {
  it.each([
    [0, 20],
    [20, 20],
    [50, 20],
    [120, 100],
    [250, 1000],
  ])('%i dispatches in pages of %i are all found', async (count, most) => {
    const zone = createSiteZone('UTC');
    const open = await listOpen(l2l(count, most), zone, SLOT, NEVER);
    const since = await listSince(l2l(count, most), zone, SLOT, 0, NEVER);
    for (const listed of [open, since]) {
      if (!listed.ok) throw new Error(listed.outcome.detail);
      expect([listed.dispatches.length, listed.isComplete]).toEqual([count, true]);
    }
  });

  it('a list that is too long does not count as complete', async () => {
    const listed = await listSince(l2l(300, 20), createSiteZone('UTC'), SLOT, 0, NEVER);
    expect(listed).toMatchObject({ ok: true, isComplete: false });
  });

  it('a list without a known size is read to its end', async () => {
    const read = await readWhole(l2l(45, 20), 'dispatches/', {}, NEVER);
    expect(read).toMatchObject({ ok: true, cut: false });
    expect(read.ok && read.records).toHaveLength(45);
  });

  it('a list whose pages repeat is cut: L2L ignores the offset', async () => {
    const get = async () => answer({ success: true, limit: 2, data: [{ id: 1 }, { id: 2 }] });
    expect(await readWhole(createReader({ get }, []), 'dispatches/', {}, NEVER)).toMatchObject({ ok: true, cut: true });
  });
});
