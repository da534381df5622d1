import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { testFolder } from '../support/folder.ts';
import { PATIENCE, type TestGateway, testGateway } from '../support/gateway.ts';
import { accountOf, mqttPlant } from '../support/mqtt-plant.ts';
import { testSandbox } from '../support/sandbox.ts';
import { withSmallDisk } from '../support/small-disk.ts';

const MIB = 1024 * 1024;

/** A file on the gateway's disk. Only the gateway's own mount namespace shows it. */
function fillerOf(gateway: TestGateway, data: string): string {
  return join('/proc', String(gateway.pid()), 'root', data, 'filler');
}

/** Writes until the disk is full. */
function fill(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(8 * MIB, 1));
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) throw cause;
  }
}

describe('a gateway whose disk fills up while it works', () => {
  it('a gateway on a full disk reports it and acknowledges nothing; with room again nothing is lost or doubled', async () => {
    const [sandbox, plant] = await Promise.all([testSandbox({ seed: 5 }), mqttPlant(5)]);
    const data = join(testFolder(), 'data');
    mkdirSync(data);
    const gateway = testGateway({
      l2l: sandbox.url,
      sources: plant.source,
      rules: plant.rules,
      data,
      journal: { ballast: '1MiB' },
      within: withSmallDisk(data, 8 * MIB),
    });
    await gateway.start();
    await gateway.untilReady();
    await plant.begin();
    await gateway.untilSeen();

    for (let time = 1; time <= 2; time++) {
      await plant.play(1000);
      fill(fillerOf(gateway, data));
      await vi.waitFor(async () => {
        // SQLite's log uses its own room again, so the machines go on until it needs more.
        await plant.play(200);
        expect((await gateway.ready()).missing.join()).toMatch(
          /takes no commits \(the disk of the data folder .* is full: free/,
        );
      }, PATIENCE);
      rmSync(fillerOf(gateway, data));
      await gateway.untilReady();
    }

    await vi.waitFor(() => expect(accountOf(sandbox.state())).toEqual(plant.truth()), PATIENCE);
    await gateway.untilDelivered();
    expect(accountOf(sandbox.state())).toEqual(plant.truth());
    expect(gateway.logged('the disk has room again')).toHaveLength(2);
    expect((await gateway.status()).starts).toBe(1);
  });
});

describe('a gateway whose disk fails', () => {
  it('a gateway on a failing disk ends with an error and loses nothing; the next start reads the whole file', async () => {
    const [sandbox, plant] = await Promise.all([testSandbox({ seed: 6 }), mqttPlant(6)]);
    // No file may grow beyond this size. The write into SQLite's log then fails with an IO error, not with "full".
    const options = { l2l: sandbox.url, sources: plant.source, rules: plant.rules, data: join(testFolder(), 'data') };
    const failing = testGateway({
      ...options,
      journal: { ballast: '0B' },
      within: ['sh', '-c', 'ulimit -f 1200; exec "$0" "$@"'],
    });
    await failing.start();
    await failing.untilReady();
    await plant.begin();
    await failing.untilSeen();

    let isOver = false;
    const played = plant.playUntil(() => isOver);
    expect(await failing.ended()).toBe(1);
    isOver = true;
    expect(failing.logged('the disk failed or the journal is damaged: nobody may go on with it')).toHaveLength(1);
    const sound = testGateway({ ...options, journal: { ballast: '0B' } });
    await sound.start();
    await played;

    await vi.waitFor(() => expect(accountOf(sandbox.state())).toEqual(plant.truth()), PATIENCE);
    await sound.untilDelivered();
    expect(accountOf(sandbox.state())).toEqual(plant.truth());
  });
});
