import { describe, expect, it } from 'vitest';
import { tokenise } from '../../../src/rules/expression/tokens.ts';

const words = (text: string) =>
  tokenise(text).tokens.map(token => {
    switch (token.kind) {
      case 'name':
        return token.name;
      case 'literal':
        return token.value;
      case 'operator':
        return `<${token.operator}>`;
      default:
        return token.kind;
    }
  });

describe('tokenise', () => {
  it.each([
    ['not press1.running', ['<not>', 'press1.running']],
    ['NOT a And b OR c MOD 2', ['<not>', 'a', '<and>', 'b', '<or>', 'c', '<mod>', 2]],
    ['a<>b', ['a', '<<>>', 'b']],
    ['a <= 1 >= 2 < 3 > 4', ['a', '<<=>', 1, '<>=>', 2, '<<>', 3, '<>>', 4]],
    ['(n+1)*-2/m', ['open', 'n', '<+>', 1, 'close', '<*>', '<->', 2, '</>', 'm']],
    ['TRUE false', [true, false]],
    ['16#0F 16#ff 2.50 007', [15, 255, 2.5, 7]],
    [`'RUN' "it's"`, ['RUN', "it's"]],
    ['press1.faults.3 and_more', ['press1.faults.3', 'and_more']],
    ['', []],
  ])('the tokeniser splits %j into words', (text, expected) => {
    const found = tokenise(text);

    expect(words(text)).toEqual(expected);
    expect(found.problems).toEqual([]);
  });

  it('every word keeps its place in the text', () => {
    const { tokens } = tokenise('  a  <> 16#0F');

    expect(tokens.map(({ start, end }) => [start, end])).toEqual([
      [2, 3],
      [5, 7],
      [8, 13],
    ]);
  });

  it.each([
    ['a && b', 2, 'write `and` instead of `&&`', ['a', '<and>', 'b']],
    ['a || b', 2, 'write `or` instead of `||`', ['a', '<or>', 'b']],
    ['!a', 0, 'write `not` instead of `!`', ['<not>', 'a']],
    ['a == b', 2, 'write `=` instead of `==`', ['a', '<=>', 'b']],
    ['a != b', 2, 'write `<>` instead of `!=`', ['a', '<<>>', 'b']],
    ['n % 2', 2, 'write `mod` instead of `%`', ['n', '<mod>', 2]],
    ['n => 2', 2, 'write `>=` instead of `=>`', ['n', '<>=>', 2]],
    [
      'n & 2',
      2,
      'write `and` instead of `&`; a bit of a word is written `word.3`, bit 0 is the lowest',
      ['n', '<and>', 2],
    ],
    ['a XOR b', 2, 'write `<>` instead of `XOR`', ['a', '<<>>', 'b']],
    ['n = 0x1F', 4, 'write `16#1F` instead of `0x1F`', ['n', '<=>', 0]],
    ['n = 12E3', 4, '`12E3` is not a number; write it like 240, 2.5 or 16#0F', ['n', '<=>', 0]],
    ['n = 5.', 4, '`5.` is not a number; write it like 240, 2.5 or 16#0F', ['n', '<=>', 0]],
    [
      'n = 16#FFFFFFFFFFFFFFFF',
      4,
      '`16#FFFFFFFFFFFFFFFF` is too large; numbers go up to 16#1FFFFFFFFFFFFF',
      ['n', '<=>', 0],
    ],
    ["t = 'RUN", 4, "this text has no closing '", ['t', '<=>', 'RUN']],
  ])('the tokeniser understands %j, and says how to write it', (text, offset, message, expected) => {
    const found = tokenise(text);

    expect(found.problems).toEqual([{ offset, message }]);
    expect(words(text)).toEqual(expected);
    expect(found.isComplete).toBe(true);
  });

  it.each([
    ['n > 2,5', 5, 'a comma has no meaning here; decimals are written with a point, such as 2.5'],
    ['a ? b', 2, '`?` has no meaning here; names are made of a-z, 0-9, _ and points'],
    ['größe', 2, '`ö` has no meaning here; names are made of a-z, 0-9, _ and points'],
    ['n = .5', 4, 'a point has no meaning here; write 0.5, a name such as press1.running, or a bit such as word.3'],
    ['a[0]', 1, '`[` has no meaning here; brackets are `(` and `)`'],
    ['t = „RUN“', 4, "write straight quotes, such as 'RUN', instead of „"],
    ['a and 🔥', 6, '`🔥` has no meaning here; names are made of a-z, 0-9, _ and points'],
  ])('the tokeniser finds a sign without a meaning in %j', (text, offset, message) => {
    const found = tokenise(text);

    expect(found.problems[0]).toEqual({ offset, message });
    expect(found.isComplete).toBe(false);
  });
});
