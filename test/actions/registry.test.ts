import { describe, expect, it } from 'vitest';
import { ACTION_KINDS, KINDS, kindOf, kindsThat } from '../../src/actions/registry.ts';
import { laneOf } from '../../src/actions/words.ts';

describe('the registry of call kinds', () => {
  it.each(Object.entries(KINDS))('the registry lists %s under its own name', (name, { kind }) => {
    expect(kind).toBe(name);
  });

  it.each(ACTION_KINDS)('the params of %s hold its times and its place', kind => {
    const { params, times, lane } = kindOf(kind);
    const { shape } = params as unknown as { readonly shape: object };

    expect(Object.keys(shape)).toEqual(expect.arrayContaining([...times.fields, lane.place]));
  });

  it('exactly one kind opens an episode and one kind closes it, on the same lane', () => {
    const [opens, ...others] = kindsThat(({ chain }) => chain.role === 'opens');
    const [ends, ...more] = kindsThat(({ chain }) => chain.role === 'ends');

    expect([...others, ...more]).toEqual([]);
    expect(opens && laneOf(opens, 'PRESS-01')).toBe(ends && laneOf(ends, 'PRESS-01'));
  });

  it('the actions of a lane all go to the same destination', () => {
    const destinations = new Map<string, Set<string>>();
    for (const { lane, destination } of ACTION_KINDS.map(kindOf))
      destinations.set(lane.family, (destinations.get(lane.family) ?? new Set()).add(destination));

    expect([...destinations.values()].filter(({ size }) => size !== 1)).toEqual([]);
  });

  it('the log shows the newest of the absolute counts that share a call, because the call sends only that one', () => {
    const { facts } = KINDS.set_cycles.words;
    const counts = [5, 8].map(movement => ({ machine: 'A', movement, at: movement * 1000 }));
    const [first, ...others] = counts;

    expect(first && facts([first, ...others])).toEqual({ machine: 'A', sinceFirstSight: 8, at: new Date(8000) });
  });

  it('the registry refuses an unknown kind', () => {
    expect(() => kindOf('answer_call' as never)).toThrow('no kind of call is named answer_call');
  });
});
