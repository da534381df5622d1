import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from '../../src/core/nearest.ts';

describe('nearest', () => {
  it.each([
    ['press1.runing', ['press1.running', 'press1.manual'], 'press1.running'],
    ['on_dely', ['on_delay', 'off_delay'], 'on_delay'],
    ['PRESS-08', ['PRESS-01', 'press-08'], 'press-08'],
    ['recieve', ['receive', 'relieve'], 'receive'],
    ['wehn', ['when', 'then'], 'when'],
    ['RUN', ['n', 'ran'], 'ran'],
    ['a', ['b'], undefined],
    ['temperature', ['pressure'], undefined],
    ['anything', [], undefined],
    ['plc.run', ['run', 'stop'], 'run'],
    ['run', ['press1.run', 'press1.strokes'], 'press1.run'],
    ['run', ['press1.run', 'press2.run'], undefined],
  ])('the nearest to %s of %j is %s', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });

  it('a suggestion fits the end of an error', () => {
    expect(didYouMean('trad', ['trade'])).toBe('; did you mean `trade`?');
    expect(didYouMean('zzz', ['trade'])).toBe('');
  });
});
