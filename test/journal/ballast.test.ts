import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import { type Ballast, createBallast } from '../../src/journal/ballast.ts';
import { testFolder } from '../support/folder.ts';
import { PATIENCE } from '../support/patience.ts';

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

describe('the ballast of an earlier setting', () => {
  it('goes when none is wanted any more', async () => {
    const file = join(testFolder(), 'ballast');
    await written(file, 64 * KIB);

    ballast(file, 0);

    expect(existsSync(file)).toBe(false);
  });

  it('makes room for one of another size: no disk is called full because of it', async () => {
    const file = join(testFolder(), 'ballast');
    await written(file, 64 * KIB);
    const noDiskHasThis = 2 ** 53 - 1;

    const waiting = ballast(file, noDiskHasThis);

    expect(existsSync(file)).toBe(false);
    expect(waiting.problem).toContain('is full');
  });

  it('stays where it is when it is the one that is wanted', async () => {
    const file = join(testFolder(), 'ballast');
    await written(file, 64 * KIB);
    const { ino } = statSync(file);

    expect(ballast(file, 64 * KIB).problem).toBeNull();
    expect(statSync(file).ino).toBe(ino);
  });
});
