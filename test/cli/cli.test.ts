import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, commands } from '../../src/cli/cli.ts';
import { type Command, type Io, UsageError } from '../../src/cli/command.ts';
import { ConfigError, StartError } from '../../src/core/errors.ts';

function command(run: Command['run']): typeof commands {
  return { go: async () => ({ summary: 'goes', help: program => `${program} go: the long text`, run }) };
}

async function at(args: readonly string[], run: Command['run'] = async () => 0) {
  const printed = { out: '', err: '' };
  const print = (where: keyof typeof printed) => (text: string) => {
    printed[where] += `${text}\n`;
  };
  const io: Io = {
    out: print('out'),
    err: print('err'),
    env: { L2L_GATEWAY_COMMAND: 'bin/it' },
    readFile: () => new Uint8Array(),
    signal: new AbortController().signal,
  };
  return { code: await cli(args, io, command(run)), ...printed };
}

const failing = (error: unknown) => at(['go'], () => Promise.reject(error));

describe('cli', () => {
  it('the command line has a file for each of its commands', () => {
    expect(Object.keys(commands)).toEqual(['run', 'check', 'queue', 'journal', 'sandbox', 'demo']);
  });

  it.each(Object.entries(commands))('the command line documents the exit codes of %s', async (_, load) => {
    const { summary, help } = await load();

    expect(summary).toMatch(/^[a-z].*[^.]$/);
    expect(help('p')).toMatch(/Exit codes: 0 /);
  });

  it.each([['--help'], ['-h'], ['help']])('the command line lists the commands and exit codes on %s', async arg => {
    const { code, out, err } = await at([arg]);

    expect(code).toBe(0);
    expect(out).toContain('  go       goes\n');
    expect(out).toContain(
      'Exit codes: 0 done; 1 could not start, or failed; 2 the config is not valid; 64 the command line is wrong',
    );
    expect(err).toBe('');
  });

  it.each([['--version'], ['-v']])('the command line prints its version on %s', async arg => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));

    expect(await at([arg])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('the command line without a command lists the commands as an error', async () => {
    const { code, out, err } = await at([]);

    expect([code, out]).toEqual([64, '']);
    expect(err).toContain('  go       goes\n');
  });

  it.each([
    ['goo', 'there is no command "goo"; did you mean go?\n'],
    ['toString', 'there is no command "toString"; the commands are go\n'],
  ])('the command line does not know the command %s', async (name, words) => {
    expect(await at([name])).toEqual({ code: 64, out: '', err: words });
  });

  it.each([['--help'], ['-h']])(
    'the command line shows the help of a command on %s and does not run it',
    async flag => {
      expect(await at(['go', 'x', flag], () => Promise.reject(new Error('ran')))).toEqual({
        code: 0,
        out: 'bin/it go: the long text\n',
        err: '',
      });
    },
  );

  it('the command line hands on the rest of the line and the exit code', async () => {
    const got: string[] = [];
    const run: Command['run'] = async args => {
      got.push(...args);
      return 7;
    };

    expect((await at(['go', 'a', '--b'], run)).code).toBe(7);
    expect(got).toEqual(['a', '--b']);
  });

  it('the command line prints every problem of a config and how many there are', async () => {
    const place = { file: 'g.yaml', line: 4, column: 7 };

    expect(await failing(new ConfigError([{ place, message: 'first' }, { message: 'second' }]))).toEqual({
      code: 2,
      out: '',
      err: 'g.yaml:4:7 first\nsecond\n\nnot valid: 2 problems\n',
    });
  });

  it('the command line explains why the gateway could not start', async () => {
    const error = new StartError('the data folder is in use', { cause: new Error('locked') });

    expect(await failing(error)).toEqual({ code: 1, out: '', err: 'the data folder is in use: locked\n' });
  });

  it('the command line names the argument that it did not understand', async () => {
    expect(await failing(new UsageError('one file at a time'))).toEqual({
      code: 64,
      out: '',
      err: 'one file at a time\nthe command line is explained by:\n  bin/it go --help\n',
    });
  });

  it('the command line shows the stack of a defect in the program', async () => {
    const { code, err } = await failing(new TypeError('x is not a function'));

    expect(code).toBe(1);
    expect(err).toMatch(/TypeError: x is not a function\n\s+at /);
  });
});
