import { describe, expect, it } from 'vitest';
import { Code } from '../../src/core/fields.ts';

describe('Code', () => {
  it.each(['0123', '12E3', 'PRESS-01', 'true'])('takes %s as it stands', code => {
    expect(Code.parse(code)).toBe(code);
  });

  it('has no spaces around it', () => {
    expect(Code.parse(' DOWN ')).toBe('DOWN');
  });

  it.each([
    ['', 'the code is empty'],
    ['  ', 'the code is empty'],
    [123, 'write a code as text'],
  ])('refuses %j', (written, message) => {
    expect(Code.safeParse(written).error?.issues).toMatchObject([{ message }]);
  });

  it('tells the loader to hand over the source text', () => {
    expect(Code.meta({ description: 'Machine' }).meta()).toMatchObject({ code: true, description: 'Machine' });
  });
});
