import { describe, expect, it } from 'vitest';
import { resolveTerms } from '../../../src/rules/expression/terms.ts';
import { tokenise } from '../../../src/rules/expression/tokens.ts';
import { translate } from '../../../src/rules/expression/translate.ts';
import { NAMES } from './world.ts';

function translated(text: string) {
  const { terms } = resolveTerms(text, tokenise(text).tokens, NAMES);
  return translate(terms.filter(term => term.kind !== 'unknown'));
}

describe('translate', () => {
  it.each([
    ['not a and b or a', '! b0 && b1 || b0'],
    ['n = 31', 'n0 == 31.0'],
    ['n <> 2.5', 'n0 != 2.5'],
    ["t = 'it\"s'", 's0 == "it\\"s"'],
    ['n mod 2 = 16#0F', 'n0 % 2.0 == 15.0'],
    ['n / m / 2 > 1', 'n0 / n1 / 2.0 > 1.0'],
    ['n / -(n / (m + 1)) > 1', 'n0 / - ( n0 / ( n1 + 1.0 ) ) > 1.0'],
    ['press1.faults.3 or press1.faults.4', 'b0 || b1'],
    ['good(n) and still(n) and n > 1', 'b0 && b1 && n2 > 1.0'],
    ['press_plc.connected and press1_down.active', 'b0 && b1'],
  ])('turns %j into CEL', (text, cel) => {
    expect(translated(text).cel.trim()).toBe(cel);
  });

  it('leads every stretch of CEL back to the text it came from', () => {
    const text = 'a and n / (m + 1) > 2';
    const { cel, userRange } = translated(text);

    const back = (part: string) => {
      const { start, end } = userRange(cel.indexOf(part), cel.indexOf(part) + part.length);
      return text.slice(start, end);
    };

    expect(back('b0')).toBe('a');
    expect(back('&&')).toBe('and');
    expect(back('n2 + 1.0')).toBe('m + 1');
    expect(back('( n2 + 1.0 )')).toBe('(m + 1)');
    expect(back('> 2.0')).toBe('> 2');
  });
});
