import { describe, expect, it } from 'vitest';
import { parseYamlFile, textOf } from '../../src/config/yaml-file.ts';
import { formatProblem } from '../../src/core/errors.ts';

function problems(text: string): string[] {
  return parseYamlFile('g.yaml', text).problems.map(formatProblem);
}

describe('parseYamlFile', () => {
  it.each([
    [
      'an unquoted !',
      'when: !press1.running and x\n',
      'g.yaml:1:7 "!press1.running" – YAML takes ! for a tag and would drop the word after it; write `not press1.running`, or put the text in quotes if the ! belongs to it',
    ],
    [
      '{{ first in a value',
      'r:\n  product: {{ recipes[x].product }}\n',
      'g.yaml:2:12 "{{" – YAML takes { for the start of a map; put the text in quotes: "{{ … }}"',
    ],
    [
      '{{ inside braces',
      'r: { reason: {{ x.y }}, b: 1 }\n',
      'g.yaml:1:14 "{{" – YAML takes { for the start of a map; put the text in quotes: "{{ … }}"',
    ],
    [
      'a key written twice',
      'a: 1\nb: 2\na: 3\n',
      'g.yaml:3:1 "a" is written twice here (first in line 1); keep one of the two',
    ],
    [
      'a colon inside a text',
      'a: Press 1: down\n',
      'g.yaml:1:4 a colon followed by a space starts a new key; put the text in quotes',
    ],
    ['a tab', 'a:\n\tb: 1\n', 'g.yaml:2:1 a tab stands at the start of the line; indent with spaces'],
    [
      'a reserved first character',
      'a: @home\n',
      'g.yaml:1:4 a value can\'t begin with "@" unless it is in quotes; put the text in quotes',
    ],
    [
      'a second document',
      'a: 1\n---\nb: 2\n',
      'g.yaml:2:1 the file goes on after a line with ---; a config is one document, take the line out',
    ],
    ['a missing quote', 'a: "x\n', 'g.yaml:1:4 the quote that opens here is not closed'],
  ])('the parser explains an error of YAML: %s', (_, text, message) => {
    expect(problems(text)).toEqual([message]);
  });

  it.each([
    ['lists', `a: ${'['.repeat(300_000)}`, '1:53'],
    ['lists that are closed', `a: ${'['.repeat(300)}${']'.repeat(300)}`, '1:53'],
    ['maps', `a: ${'{ a: '.repeat(3000)}`, '1:249'],
    ['lists by dashes', `a:\n${'- '.repeat(5000)}`, '2:99'],
    ['keys', Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), '51:51'],
  ])('the parser reports only that %s are nested too deeply', (_, text, place) => {
    expect(problems(text)).toEqual([
      `g.yaml:${place} the file is nested too deeply here: more than 50 levels; a config needs fewer than 10, so take out the brackets or the indentation that is too much`,
    ]);
  });

  it('the parser reports every problem of a YAML file, in the order of the lines', () => {
    expect(problems('a: !x y\nb: @c\na: 1\n').map(line => line.split(' ')[0])).toEqual([
      'g.yaml:1:4',
      'g.yaml:2:4',
      'g.yaml:3:1',
    ]);
  });

  it('the parser knows the places of keys, of values, and inside a text', () => {
    const yaml = parseYamlFile('g.yaml', 'rules:\n  r1:\n    when: "a and b"\n    list: [1, { x: y }]\n');

    expect(yaml.placeOf(['rules', 'r1', 'when'])).toEqual({ file: 'g.yaml', line: 3, column: 11 });
    expect(yaml.placeOf(['rules', 'r1', 'when'], 6)).toEqual({ file: 'g.yaml', line: 3, column: 18 });
    expect(yaml.keyPlaceOf(['rules', 'r1', 'when'])).toEqual({ file: 'g.yaml', line: 3, column: 5 });
    expect(yaml.placeOf(['rules', 'r1'])).toEqual({ file: 'g.yaml', line: 2, column: 3 });
    expect(yaml.placeOf(['rules', 'r1', 'list', 1, 'x'])).toEqual({ file: 'g.yaml', line: 4, column: 20 });
  });

  it('a missing key has the place of the nearest key around it', () => {
    const yaml = parseYamlFile('g.yaml', 'rules:\n  r1: { when: }\n');

    expect(yaml.placeOf(['rules', 'r1', 'on_delay'])).toEqual({ file: 'g.yaml', line: 2, column: 3 });
    expect(yaml.placeOf(['rules', 'r1', 'when'])).toEqual({ file: 'g.yaml', line: 2, column: 9 });
    expect(yaml.placeOf(['l2l'])).toEqual({ file: 'g.yaml', line: 1, column: 1 });
    expect(parseYamlFile('g.yaml', '').placeOf(['l2l'])).toEqual({ file: 'g.yaml', line: 1, column: 1 });
  });

  it('a code stays as it was written', () => {
    const yaml = parseYamlFile('g.yaml', 'a: 0123\nb: 12E3\nc: "x\\ty"\n0123: d\n');

    expect(yaml.data(textOf)).toEqual({ a: '0123', b: '12E3', c: 'x\ty', '0123': 'd' });
  });

  it('the parser follows anchors, but follows none into itself', () => {
    expect(parseYamlFile('g.yaml', 'a: &x { k: 1 }\nb: *x\n').data(textOf)).toEqual({ a: { k: '1' }, b: { k: '1' } });
    expect(parseYamlFile('g.yaml', 'a: &x { k: *x }\n').data(textOf)).toEqual({ a: { k: null } });
  });

  it('the parser names the place of an alias without its anchor', () => {
    expect(problems('a: *nowhere\n')).toEqual([
      'g.yaml:1:4 "*nowhere" refers to nothing above it; write the text out, or put it in quotes',
    ]);
  });
});

describe('aliases that stand for too much', () => {
  /** `levels` lists, each with ten aliases of the one before. */
  const bomb = (levels: number) =>
    Array.from({ length: levels }, (_, n) => {
      const item = n === 0 ? 'x' : `*a${n - 1}`;
      return `a${n}: &a${n} [${Array(10).fill(item).join(', ')}]`;
    }).join('\n');

  it('too many aliases are refused before the parser follows them', () => {
    const { problems } = parseYamlFile('g.yaml', bomb(12));

    expect(problems).toMatchObject([
      { place: { line: 6 }, message: expect.stringContaining('stand for more than 1,000,000 values') as string },
    ]);
  });

  it('aliases are accepted while they stand for less', () => {
    expect(parseYamlFile('g.yaml', bomb(5)).problems).toEqual([]);
  });
});
