import { expect, it } from 'vitest';
import type { Exchange } from '../../src/l2l/exchange.ts';
import { createReader, readWhole } from '../../src/l2l/reader.ts';

const NEVER = new AbortController().signal;

function answered(status: number, body: object): Exchange {
  return { kind: 'answered', status, body: JSON.stringify(body), headers: {} } as unknown as Exchange;
}

const LIMITED = answered(429, { success: false, error: 'slow down' });
const NOT_NOW = answered(200, { success: false, error: 'Rate limit exceeded, please try again later.' });
const REFUSED = answered(200, { success: false, error: 'Invalid site' });
const page = (ids: readonly number[]) => answered(200, { success: true, limit: 2, data: ids.map(id => ({ id })) });

/** A client that gives these answers in turn, and the offsets that it was asked for. */
function scripted(answers: readonly Exchange[]) {
  const offsets: unknown[] = [];
  const left = [...answers];
  const get = async (_method: string, query: object) => {
    offsets.push('offset' in query ? query.offset : 0);
    return left.shift() ?? LIMITED;
  };
  return { reader: createReader({ get }, []), offsets };
}

it.each([
  ['HTTP 429', LIMITED],
  ['words that mean "not now"', NOT_NOW],
])('a read of several pages goes on with the page that L2L put off by %s', async (_, putOff) => {
  const { reader, offsets } = scripted([page([1, 2]), putOff, putOff, page([3])]);
  const read = await readWhole(reader, 'things/', {}, NEVER);
  expect(read).toMatchObject({ ok: true, records: [{ id: 1 }, { id: 2 }, { id: 3 }], cut: false });
  expect(offsets).toEqual([0, 2, 2, 2]);
});

it('a read fails after three answers that put it off', async () => {
  const { reader, offsets } = scripted([]);
  expect(await reader.read('things/', {}, NEVER)).toMatchObject({ ok: false, outcome: { reason: 'rate_limited' } });
  expect(offsets).toHaveLength(3);
});

it('a read that L2L refuses is not tried again', async () => {
  const { reader, offsets } = scripted([REFUSED]);
  expect(await reader.read('things/', {}, NEVER)).toMatchObject({ ok: false });
  expect(offsets).toHaveLength(1);
});
