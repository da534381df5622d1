import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Sample, Value } from '../../src/core/sample.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Program } from '../../src/rules/program.ts';
import { createRunner } from '../../src/rules/runner.ts';
import { testFolder } from '../support/folder.ts';
import { PATIENCE } from '../support/patience.ts';
import { virtualClock } from '../support/virtual-clock.ts';
import { counter, cycles, dispatch, is, program, signal } from './support/program.ts';
import { lines, on } from './support/rule-plant.ts';

const running = signal('running');
const strokes = counter('strokes', { wrapsAt: null, maxRate: 1 });
const stopped = program([dispatch('stopped', is('running'), { onDelay: 120_000 })], [running]);
const count = program([cycles('count', strokes, { every: 60_000 })], [strokes]);

type Message = { readonly id: number; readonly duplicate?: boolean };

/** The rules on a real journal. Time stands still unless the test moves it. */
function start(rules: Program, folder = testFolder(), at = '06:00') {
  const clock = virtualClock(on(at));
  const now = () => clock.now();
  const journal = openJournal({ folder, destination: 'x', now, settle: () => 60_000, log: silentLogger });
  const disk = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
  const acknowledged: number[] = [];
  const committed: Action[] = [];
  const onCommitted = (actions: readonly Action[]) => void committed.push(...actions);
  const runner = createRunner({ program: rules, journal, clock, log: silentLogger, onCommitted });
  let over = false;
  async function end(): Promise<void> {
    if (over) return;
    over = true;
    await runner.stop();
    disk.close();
    journal.close();
  }
  onTestFinished(end);
  runner.start();
  runner.status({ source: 'plc', state: 'connected', at: now() });
  /** Earlier commits are on the disk by then, because the journal commits in order. */
  const flushed = () => journal.commit({ states: [], actions: [], taken: [], values: [], at: now() });
  return {
    folder,
    clock,
    acknowledged,
    committed,
    end,
    send(values: Readonly<Record<string, Value | null>>, message?: Message) {
      const samples = Object.entries(values).map(
        ([name, value]): Sample => ({ signal: name, value, quality: value === null ? 'bad' : 'good' }),
      );
      const receipt = message && {
        packetId: message.id,
        hash: JSON.stringify(values),
        duplicate: message.duplicate ?? false,
        committed: () => void acknowledged.push(message.id),
      };
      runner.samples({
        source: 'plc',
        at: now(),
        receivedAt: now(),
        time: 'source',
        samples,
        ...(receipt && { receipt }),
      });
    },
    /** All commits of this moment are on the disk: they go to the journal after the commit under way, or in the next turn. */
    async settled(): Promise<void> {
      await flushed();
      await setImmediate();
      await flushed();
    },
    /** The content that another process finds in the file. */
    stateOnDisk: (rule: string) =>
      String(disk.prepare('SELECT state FROM rule_state WHERE rule = ?').get(rule)?.state ?? ''),
  };
}

const soon = (check: () => void) => vi.waitFor(check, { ...PATIENCE, interval: 1 });

describe('what the rules know is on the disk', () => {
  it('the start of a delay is on the disk at once, although no action was made yet', async () => {
    const plant = start(stopped);
    plant.send({ running: true });
    await soon(() => expect(plant.stateOnDisk('stopped')).toContain('"phase":"pending"'));
    plant.send({ running: false });
    await soon(() => expect(plant.stateOnDisk('stopped')).toContain('"phase":"inactive"'));
    expect(plant.committed).toEqual([]);
  });

  it('a counter that is reset or lost is on the disk at once, and one that only moved after a second', async () => {
    const plant = start(count);
    plant.send({ strokes: 100 });
    await soon(() => expect(plant.stateOnDisk('count')).toContain('"reading":"100"'));
    plant.send({ strokes: 150 });
    await plant.settled();
    expect(plant.stateOnDisk('count')).toContain('"reading":"100"');
    plant.send({ strokes: 3 });
    await soon(() => expect(plant.stateOnDisk('count')).toMatch(/"reading":"3".*"moved":3.*"pending":50/));
    plant.send({ strokes: 5 });
    plant.clock.advance(1000);
    await soon(() => expect(plant.stateOnDisk('count')).toMatch(/"reading":"5".*"pending":55/));
    plant.send({ strokes: 6 });
    plant.send({ strokes: null });
    await soon(() => expect(plant.stateOnDisk('count')).toMatch(/"reading":"6".*"pending":56/));
  });
});

describe('messages that come again', () => {
  it('a message that comes again changes nothing, also after its acknowledgement and after a start', async () => {
    const first = start(count);
    first.send({ strokes: 100 }, { id: 1 });
    first.send({ strokes: 110 }, { id: 2 });
    first.send({ strokes: 120 }, { id: 3 });
    await soon(() => expect(first.acknowledged).toEqual([1, 2, 3]));
    for (const time of [1, 2]) {
      first.send({ strokes: 110 }, { id: 2, duplicate: true });
      first.send({ strokes: 120 }, { id: 3, duplicate: true });
      await soon(() => expect(first.acknowledged).toHaveLength(3 + 2 * time));
    }
    await first.end();

    const second = start(count, first.folder, '06:00:30');
    for (const id of [2, 3, 2, 3]) second.send({ strokes: 90 + 10 * id }, { id, duplicate: true });
    second.send({ strokes: 121 }, { id: 4 });
    await soon(() => expect(second.acknowledged).toEqual([2, 3, 2, 3, 4]));
    second.clock.advanceTo(on('06:02'));
    await soon(() => expect(lines(second.committed)).toEqual(['06:01:00 count +21']));
  });

  it('a message with other content or another number counts, even when it is flagged as sent before', async () => {
    const plant = start(count);
    plant.send({ strokes: 100 }, { id: 1 });
    await soon(() => expect(plant.acknowledged).toEqual([1]));
    plant.send({ strokes: 104 }, { id: 1, duplicate: true });
    await soon(() => expect(plant.acknowledged).toEqual([1, 1]));
    plant.clock.advanceTo(on('06:01'));
    await soon(() => expect(lines(plant.committed)).toEqual(['06:01:00 count +4']));
    plant.send({ strokes: 109 }, { id: 2, duplicate: true });
    await soon(() => expect(plant.acknowledged).toEqual([1, 1, 2]));
    plant.clock.advanceTo(on('06:02'));
    await soon(() => expect(lines(plant.committed)).toEqual(['06:01:00 count +4', '06:02:00 count +5']));
  });
});
