import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredAction } from '../../src/core/delivery.ts';
import { createLanes } from '../../src/journal/calls/lanes.ts';
import { closeDispatch, increment, openDispatch, recordSet } from '../support/actions.ts';

const MAKERS = [openDispatch, closeDispatch, increment, recordSet];

describe('lanes', () => {
  it('the lanes count waiting actions by lane and kind through every change', () => {
    const step = fc.record({
      what: fc.constantFrom('add', 'addId', 'remove', 'putBack'),
      make: fc.nat({ max: MAKERS.length - 1 }),
      name: fc.constantFrom('A', 'B'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const all = new Map<number, StoredAction>();
        const read = (id: number) => all.get(id) ?? Promise.reject(id);
        const lanes = createLanes(read as (id: number) => StoredAction);
        const waiting = new Set<StoredAction>();
        const taken: StoredAction[] = [];
        for (const { what, make, name } of steps) {
          const id = all.size + 1;
          const action = { ...(MAKERS[make] ?? openDispatch)(name, id), id } as StoredAction;
          if (what === 'add' || what === 'addId') {
            all.set(id, action);
            if (what === 'add') lanes.add(action);
            else lanes.addId(action.lane, id, action.kind);
            waiting.add(action);
          } else if (what === 'remove') {
            const head = lanes.waiting(action.lane, 1);
            // It is taken twice: an action that is not there is not taken again.
            lanes.remove([...head, ...head]);
            for (const gone of head) waiting.delete(gone);
            taken.push(...head);
          } else {
            const back = taken.splice(0, 1);
            lanes.putBack(back);
            for (const one of back) waiting.add(one);
          }
        }
        const counted = [...lanes.counts()].map(({ lane, kind, waiting: n }) => `${lane} ${kind} ${n}`);
        const groups = Map.groupBy(waiting, ({ lane, kind }) => `${lane} ${kind}`);
        expect(counted.toSorted()).toEqual([...groups].map(([name, { length }]) => `${name} ${length}`).toSorted());
        expect(lanes.count).toBe(waiting.size);
      }),
    );
  });
});
