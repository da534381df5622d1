import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../support/folder.ts';
import { withSmallDisk } from '../support/small-disk.ts';

const PROCESS = join(import.meta.dirname, 'full-disk-process.ts');
const MIB = 1024 * 1024;

type Report = {
  readonly ballastBlocks: number;
  readonly sent: string;
  readonly firstRefusal: string;
  readonly lastRefusal: string;
  readonly ballastGone: boolean;
  readonly told: boolean | string;
  readonly problem: string | null;
  readonly beforeRoom: number;
  readonly acknowledged: number;
  readonly lost: readonly string[];
  readonly waiting: number;
  readonly delivered: string;
  readonly logged: readonly string[];
};

function run(size: number, filledBy: string): Report {
  const folder = testFolder();
  const [command = '', ...args] = withSmallDisk(folder, size);
  const ended = spawnSync(command, [...args, process.execPath, PROCESS, folder, filledBy], { encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`it ended with ${ended.status}: ${ended.stderr}`);
  return JSON.parse(ended.stdout) as Report;
}

describe('the journal on a disk that fills up', () => {
  it.each([
    ['others fill it between two commits', 4 * MIB, 'others'],
    ['its log fills it before the first checkpoint', 5 * MIB, 'journal'],
    ['the file itself fills it, at a checkpoint too', 14 * MIB, 'journal'],
  ])(
    '%s: the journal keeps acknowledged writes, records the outcomes of calls, and goes on when there is room',
    (_when, size, filledBy) => {
      const report = run(size, filledBy);

      expect(report.ballastBlocks).toBeGreaterThanOrEqual(512 * 1024);
      expect([report.sent, report.firstRefusal, report.ballastGone]).toEqual([
        'sending',
        'database or disk is full',
        true,
      ]);
      expect(report.lastRefusal).toMatch(/^the disk of the data folder .* is full: free at least 1MiB there/);
      expect(report.problem).toBe(report.lastRefusal);
      expect([report.told, report.delivered]).toEqual([true, 'delivered']);
      expect(report.acknowledged).toBe(report.beforeRoom + 20);
      expect([report.lost, report.waiting]).toEqual([[], report.acknowledged - 1]);
      expect(report.logged.filter(message => message.startsWith('the disk'))).toEqual([
        'the disk is full: the ballast file was deleted, and no new action is accepted until there is room',
        'the disk has room again',
      ]);
    },
  );
});
