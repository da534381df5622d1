import { describe, expect, it } from 'vitest';
import { Code } from '../../src/core/fields.ts';

describe('Code', () => {
  it.each(['0123', '12E3', 'PRESS-01', 'true'])('a code keeps its text: %s', code => {
    expect(Code.parse(code)).toBe(code);
  });

  it('a code has no spaces around it', () => {
    expect(Code.parse(' DOWN ')).toBe('DOWN');
  });

  it.each([
    ['', 'the code is empty'],
    ['  ', 'the code is empty'],
    [123, 'write a code as text'],
  ])('a code can not be %j', (written, message) => {
    expect(Code.safeParse(written).error?.issues).toMatchObject([{ message }]);
  });

  it('a code makes the loader return the text of the file', () => {
    expect(Code.meta({ description: 'Machine' }).meta()).toMatchObject({ code: true, description: 'Machine' });
  });
});
