import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openCheckFile } from '../../src/app/check-file.ts';
import { createOnlineChecks } from '../../src/app/online-check.ts';
import type { Written } from '../../src/config/compared.ts';
import type { CheckResult, CheckRow, CodeSubject } from '../../src/core/online-check.ts';
import { testFolder } from '../support/folder.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-03-02T06:00:00Z');

const line = (number: number) => ({ file: 'g.yaml', line: number, column: 5 });
const code = (what: CodeSubject, name: string, at: number): Written => ({ what, code: name, place: line(at) });
const WRITTEN: readonly Written[] = [
  { what: 'api key', code: '', place: line(3) },
  { what: 'site', code: '43', place: line(4) },
  code('machine', 'PRESS-01', 10),
  code('machine', 'PRESS-02', 11),
];

const row = (what: CheckRow['what'], name: string, state: CheckRow['state'], words = ''): CheckRow => ({
  what,
  code: name,
  state,
  words,
});
const GOOD: readonly CheckRow[] = [
  row('api key', '', 'good'),
  row('site', '43', 'good'),
  row('machine', 'PRESS-01', 'good'),
  row('machine', 'PRESS-02', 'good'),
];
const without = (...rows: readonly CheckRow[]) => [
  ...GOOD.filter(good => !rows.some(one => one.what === good.what && one.code === good.code)),
  ...rows,
];

/** A gateway whose L2L answers what a test gives it, again and again. */
function plant(folder = testFolder()) {
  const clock = virtualClock(START);
  const log = recordingLogger();
  let answer: readonly CheckRow[] | Error | string = GOOD;
  let asked = 0;
  const checks = createOnlineChecks({
    async check(): Promise<CheckResult> {
      asked += 1;
      if (answer instanceof Error) throw answer;
      if (typeof answer === 'string') return { kind: 'no answer', detail: answer };
      return { kind: 'checked', check: { at: clock.now(), destination: 'here', rows: answer } };
    },
    ready: async () => {},
    file: openCheckFile(folder),
    compared: { codes: [], written: WRITTEN },
    destination: 'here',
    clock,
    log,
  });
  const said = () =>
    log.lines
      .filter(({ level }) => level !== 'debug')
      .map(({ level, fields, message }) => ({ level, message, ...fields }));
  return {
    ...{ checks, clock, folder, said },
    asked: () => asked,
    answers(next: readonly CheckRow[] | Error | string) {
      answer = next;
    },
    /** Lets time pass, and the check that is due end. */
    async pass(ms: number) {
      const before = asked;
      clock.advance(ms);
      await vi.waitFor(() => expect(asked).toBe(before + 1));
      await new Promise(setImmediate);
    },
    async start() {
      checks.start();
      await vi.waitFor(() => expect(asked).toBe(1));
      await new Promise(setImmediate);
    },
  };
}

const DISAGREES = {
  level: 'warn',
  message: 'L2L does not agree with the config',
  what: 'machine',
  code: 'PRESS-02',
  at: 'g.yaml:11:5',
};

describe('the comparison of a running gateway with L2L', () => {
  it('is made at the start and every six hours', async () => {
    const { start, clock, asked, pass } = plant();
    await start();
    clock.advance(6 * HOUR - 1);
    expect(asked()).toBe(1);
    await pass(1);

    expect(asked()).toBe(2);
  });

  it('logs a finding once, with its place, and its end once', async () => {
    const { start, pass, answers, said } = plant();
    answers(without(row('machine', 'PRESS-02', 'wrong', 'L2L does not have it')));
    await start();
    await pass(6 * HOUR);
    await pass(6 * HOUR);
    expect(said().filter(({ level }) => level === 'warn')).toEqual([{ ...DISAGREES, detail: 'L2L does not have it' }]);

    answers(GOOD);
    await pass(6 * HOUR);
    await pass(6 * HOUR);
    expect(said().filter(({ message }) => message.includes('agrees'))).toMatchObject([{ code: 'PRESS-02' }]);
  });

  it('logs a finding again only when it has changed, also after a restart', async () => {
    const first = plant();
    first.answers(without(row('machine', 'PRESS-02', 'wrong', 'L2L does not have it')));
    await first.start();
    const second = plant(first.folder);
    second.answers(without(row('machine', 'PRESS-02', 'wrong', 'L2L does not have it')));
    await second.start();
    expect(second.said().filter(({ level }) => level === 'warn')).toEqual([]);

    second.answers(without(row('machine', 'PRESS-02', 'wrong', 'not active in L2L')));
    await second.pass(6 * HOUR);
    expect(second.said().filter(({ level }) => level === 'warn')).toEqual([
      { ...DISAGREES, detail: 'not active in L2L' },
    ]);
  });

  it('a finding that could not be checked once is not over', async () => {
    const { start, pass, answers, said } = plant();
    const wrong = without(row('machine', 'PRESS-02', 'wrong', 'L2L does not have it'));
    answers(wrong);
    await start();
    answers(without(row('machine', 'PRESS-02', 'unchecked', 'reading /machines/ failed')));
    await pass(6 * HOUR);
    answers(wrong);
    await pass(6 * HOUR);

    expect(said().filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(said().filter(({ message }) => message.includes('could not be compared'))).toEqual([
      expect.objectContaining({ level: 'info', detail: 'machine: reading /machines/ failed' }),
    ]);
  });

  it('shows the last answer after a restart, before L2L has answered', async () => {
    const first = plant();
    await first.start();

    expect(plant(first.folder).checks.last()).toEqual({ at: START, destination: 'here', rows: GOOD });
  });

  it('asks again soon while L2L gives no answer, in growing intervals, and keeps the last answer', async () => {
    const { start, pass, answers, checks, said, asked, clock } = plant();
    await start();
    answers('connect ECONNREFUSED');
    await pass(6 * HOUR);
    await pass(30_000);
    clock.advance(30_000);
    expect(asked()).toBe(3);
    await pass(30_000);

    expect(checks.last()?.rows).toEqual(GOOD);
    expect(said().filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('asks about the codes soon after a person corrected the key', async () => {
    const { start, pass, answers, said, checks } = plant();
    answers([
      row('api key', '', 'wrong', 'no'),
      row('site', '43', 'unchecked', 'no'),
      row('machine', 'PRESS-01', 'unchecked', 'no'),
    ]);
    await start();
    expect(said().filter(({ message }) => message.includes('could not'))).toEqual([]);
    answers(GOOD);
    await pass(30_000);

    expect(checks.last()?.rows).toEqual(GOOD);
  });

  it('an error of the comparison ends nothing: it is logged, and the comparison is made again', async () => {
    const { start, pass, answers, said, checks } = plant();
    answers(new Error('a fault of the program'));
    await start();
    expect(said()).toMatchObject([{ level: 'error', error: 'a fault of the program' }]);
    answers(GOOD);
    await pass(6 * HOUR);

    expect(checks.last()?.rows).toEqual(GOOD);
  });

  it('a stop ends it, also while it waits', async () => {
    const { start, clock, asked, checks } = plant();
    await start();
    checks.stop();
    clock.advance(24 * HOUR);

    expect(asked()).toBe(1);
  });
});

describe('the file of the last answer', () => {
  it('a file that is damaged or of another version is as good as none', () => {
    const folder = testFolder();
    const file = openCheckFile(folder);
    for (const text of ['', '{"at":', '{"at":1,"destination":"here","rows":[{"what":"planet"}]}', 'null']) {
      writeFileSync(join(folder, 'online-check.json'), text);
      expect(file.read()).toBeNull();
    }
  });

  it('a folder that can not be written is said, and no error', () => {
    const file = openCheckFile(join(testFolder(), 'missing'));

    expect(file.write({ at: START, destination: 'here', rows: GOOD })).toMatch(/ENOENT/);
    expect(file.read()).toBeNull();
  });
});
