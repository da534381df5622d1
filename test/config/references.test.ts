import { describe, expect, it } from 'vitest';
import { references } from '../../src/config/references.ts';

const files: Record<string, string> = {
  '/run/secrets/key': 'from-a-file\n',
  '/etc/gateway/near': 'beside',
  '/run/secrets/empty': '\n',
};

function readFile(path: string): Uint8Array {
  if (path.endsWith('/closed')) throw Object.assign(new Error(`EACCES: open '${path}'`), { code: 'EACCES' });
  const text = files[path];
  if (text === undefined)
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
  return Buffer.from(text);
}

function substitute(text: string) {
  return references('/etc/gateway/gateway.yaml', { NAME: 'from-env', EMPTY: '', PORT: '502' }, readFile).substitute(
    text,
  );
}

describe('references', () => {
  it.each([
    ['${NAME}', 'from-env', true],
    ['${file:/run/secrets/key}', 'from-a-file', true],
    ['${file:near}', 'beside', true],
    ['opc.tcp://${NAME}:${PORT}', 'opc.tcp://from-env:502', false],
    ['${NAME}${PORT}', 'from-env502', false],
  ])('a reference is replaced by its value: %s', (text, value, whole) => {
    expect(substitute(text)).toEqual({ text: value, whole, problems: [] });
  });

  it('a text without references does not change', () => {
    expect(substitute('{{ press1.faults }} costs 5 $')).toBeNull();
  });

  it.each([
    ['x ${NO_SUCH}', 2, 'the environment has no NO_SUCH; set it before the gateway starts'],
    ['${EMPTY}', 0, 'EMPTY is empty in the environment; give it a value'],
    [
      '${file:/run/secrets/none}',
      0,
      "the file /run/secrets/none can't be read (there is no such file); put it there or write another path",
    ],
    [
      '${file:/run/secrets/closed}',
      0,
      "the file /run/secrets/closed can't be read (this user may not read it); give the gateway's user the right to read it",
    ],
    ['${file:/run/secrets/empty}', 0, 'the file /run/secrets/empty is empty or not UTF-8 text'],
    [
      '${two words}',
      0,
      '"${two words}" is no reference; write ${NAME} for the environment or ${file:/run/secrets/name} for a file',
    ],
    ['a ${NAME', 2, '"${NAME" has no closing }; write ${NAME}'],
  ])('a wrong reference is reported with its place: %s', (text, offset, message) => {
    expect(substitute(text)?.problems).toEqual([{ offset, message }]);
  });

  it('an error shows the reference in place of its value', () => {
    const held = references('g.yaml', { LONG: 'secret-and-more', PART: 'secret' }, readFile);
    held.substitute('${PART} ${LONG}');

    expect(held.mask('"secret-and-more" is wrong, so is secret')).toBe('"${LONG}" is wrong, so is ${PART}');
  });
});
