import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import { type Ballast, createBallast } from '../../src/journal/upkeep/ballast.ts';
import { testFolder } from '../support/folder.ts';
import { PATIENCE } from '../support/patience.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const KIB = 1024;

function ballast(file: string, size: number): Ballast {
  const made = createBallast({ file, size, log: silentLogger, onRoom: () => {}, every: 5 });
  onTestFinished(() => made.stop());
  return made;
}

async function written(file: string, size: number): Promise<void> {
  const former = ballast(file, size);
  await vi.waitFor(() => expect(statSync(file).blocks * 512).toBeGreaterThanOrEqual(size), PATIENCE);
  former.stop();
}

describe('a ballast from an earlier setting', () => {
  it('the ballast is deleted when the setting wants none', async () => {
    const file = join(testFolder(), 'ballast');
    await written(file, 64 * KIB);

    ballast(file, 0);

    expect(existsSync(file)).toBe(false);
  });

  it('a ballast of the former size is replaced, and the gateway does not report a full disk because of it', async () => {
    const file = join(testFolder(), 'ballast');
    await written(file, 64 * KIB);
    const noDiskHasThis = 2 ** 53 - 1;

    const waiting = ballast(file, noDiskHasThis);

    expect(existsSync(file)).toBe(false);
    expect(waiting.problem).toContain('is full');
  });

  it('a ballast of the right size stays', async () => {
    const file = join(testFolder(), 'ballast');
    await written(file, 64 * KIB);
    const { ino } = statSync(file);

    expect(ballast(file, 64 * KIB).problem).toBeNull();
    expect(statSync(file).ino).toBe(ino);
  });
});

describe('a ballast that cannot be deleted', () => {
  it('a ballast that cannot be deleted is logged, and the gateway still reports the full disk', async () => {
    const file = join(testFolder(), 'ballast');
    const log = recordingLogger();
    const stuck = createBallast({ file, size: 64 * KIB, log, onRoom: () => {}, every: 5 });
    onTestFinished(() => stuck.stop());
    await vi.waitFor(() => expect(stuck.problem).toBeNull());
    await vi.waitFor(() => expect(statSync(file).blocks * 512).toBeGreaterThanOrEqual(64 * KIB));
    // Plays a file system that needs room to delete a file, as btrfs does.
    rmSync(file);
    mkdirSync(join(file, 'in the way'), { recursive: true });

    expect(stuck.release()).toBe(false);

    expect(stuck.problem).toContain('is full');
    expect(log.lines.map(({ level }) => level)).toContain('error');
  });
});
