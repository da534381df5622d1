import { describe, expect, it } from 'vitest';
import { filterProblem, subscriptions, takes } from '../../../src/adapters/mqtt/topics.ts';

describe('mqtt topics', () => {
  it.each([
    ['plant/oven2', 'plant/oven2', true],
    ['plant/oven2', 'plant/oven2/state', false],
    ['plant/+', 'plant/oven2', true],
    ['plant/+', 'plant', false],
    ['plant/+', 'plant/', true],
    ['plant/+/state', 'plant/oven2/state', true],
    ['plant/+/state', 'plant/oven2/x/state', false],
    ['plant/#', 'plant/oven2/x/state', true],
    ['plant/#', 'plant', true],
    ['#', 'plant/oven2', true],
    ['#', '$SYS/broker/uptime', false],
    ['+/broker', '$SYS/broker', false],
    ['$SYS/#', '$SYS/broker', true],
    ['Plant', 'plant', false],
    ['+/#', '#', false],
  ])('the filter %s matches %s: %s', (filter, topic, expected) => {
    expect(takes(filter, topic)).toBe(expected);
  });

  it.each([
    ['', /empty/],
    ['a/#/b', /# must stand alone/],
    ['a#', /# must stand alone/],
    ['a/b+', /\+ must stand alone/],
    ['a\0b', /null/],
    ['$share/g/a', /shared/],
  ])('the topic filter %j is refused with its reason', (filter, words) => {
    expect(filterProblem(filter)).toMatch(words);
  });

  it.each(['a', '/a', 'a/', '+', '#', 'a/+/#', '+/+'])('%s is a valid topic', filter => {
    expect(filterProblem(filter)).toBeUndefined();
  });

  it.each([
    [
      ['a', 'a', 'b'],
      ['a', 'b'],
    ],
    [['a/b', 'a/+'], ['a/+']],
    [['a/+', 'a/#', 'a'], ['a/#']],
    [
      ['a/+', '+/b'],
      ['a/+', '+/b'],
    ],
    [
      ['#', '$SYS/uptime', 'a'],
      ['#', '$SYS/uptime'],
    ],
  ])('of the filters %j the source subscribes to %j', (filters, expected) => {
    expect(subscriptions(filters)).toEqual(expected);
  });
});
