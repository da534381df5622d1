import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAcknowledgements } from '../../../src/adapters/mqtt/acknowledgements.ts';

function recording() {
  const writes: number[][] = [];
  const acknowledgements = createAcknowledgements(bytes => {
    const ids: number[] = [];
    for (let at = 0; at < bytes.length; at += 4) {
      expect(bytes.readUInt16BE(at)).toBe(0x4002);
      ids.push(bytes.readUInt16BE(at + 2));
    }
    writes.push(ids);
  });
  return { acknowledgements, writes };
}

describe('mqtt acknowledgements', () => {
  it('acknowledgements leave in the order of receipt, those of one commit in one write', async () => {
    const { acknowledgements, writes } = recording();
    const [one, two, three] = [1, 2, 65_535].map(id => acknowledgements.hold(id));

    two?.();
    await Promise.resolve();
    expect(writes).toEqual([]);
    one?.();
    await Promise.resolve();
    three?.();
    await Promise.resolve();

    expect(writes).toEqual([[1, 2], [65_535]]);
    expect(acknowledgements.held).toBe(0);
  });

  it('acknowledgements notify when there is room again', async () => {
    const { acknowledgements } = recording();
    let room = 0;
    acknowledgements.whenBelow(1, () => {
      room += 1;
    });
    const commit = acknowledgements.hold(1);
    acknowledgements.whenBelow(1, () => {
      room += 10;
    });
    expect(room).toBe(1);

    commit();
    await Promise.resolve();

    expect(room).toBe(11);
  });

  it('acknowledgements of a lost connection are never written', async () => {
    const { acknowledgements, writes } = recording();
    const commit = acknowledgements.hold(1);
    acknowledgements.drop();

    commit();
    await Promise.resolve();

    expect(writes).toEqual([]);
  });

  it('acknowledgements are written once and in order, whatever the order of the commits', async () => {
    const orders = fc.integer({ min: 1, max: 60 }).chain(count =>
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, index) => index),
        { minLength: count, maxLength: count },
      ),
    );
    await fc.assert(
      fc.asyncProperty(orders, fc.array(fc.boolean()), async (order, pauses) => {
        const { acknowledgements, writes } = recording();
        const commits = order.map((_, id) => acknowledgements.hold(id));
        for (const [step, id] of order.entries()) {
          commits[id]?.();
          if (pauses[step]) await Promise.resolve();
        }
        await Promise.resolve();
        expect(writes.flat()).toEqual(order.map((_, id) => id));
      }),
    );
  });
});
