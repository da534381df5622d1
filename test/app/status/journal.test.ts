import { describe, expect, it } from 'vitest';
import { journalStatus } from '../../../src/app/status/journal.ts';
import { createTimeNotation } from '../../../src/core/time-notation.ts';
import type { ClockEvent, EventEntry } from '../../../src/journal/history/events.ts';
import { increment } from '../../support/actions.ts';
import { testFolder } from '../../support/folder.ts';
import { REFUSED, settle, testJournal, write } from '../../support/journal.ts';

const { iso } = createTimeNotation('America/Denver');

describe('the journal on the status page', () => {
  /** A life of the gateway that begins at `now` for this reason. */
  const life = (folder: string, now: number, event: EventEntry & { readonly kind: ClockEvent }) =>
    testJournal(folder, { now: () => now, time: { shift: null, marked: 'keep', doubted: null, event } });
  const shown = (event: EventEntry) => ({ ...event, at: iso(event.at) });
  const step = (at: number) => ({ at, kind: 'clock_step', detail: `times moved forward by ${at}s` }) as const;

  it('the ten newest events of the journal are shown, newest first, each with its time', () => {
    const folder = testFolder();
    for (let at = 1; at < 12; at++) life(folder, at, step(at)).close();
    const suspended = { at: 12, kind: 'suspended', detail: 'the host was suspended for 2h' } as const;

    const page = journalStatus(life(folder, 12, suspended), iso);

    expect(page).toMatchObject({ newestEvents: [suspended, ...[11, 10, 9, 8, 7, 6, 5, 4, 3].map(step)].map(shown) });
  });

  it('decisions of people are not shown as events of the journal', async () => {
    const journal = life(testFolder(), 1, step(1));
    await write(journal, increment('A', 1));
    await settle(journal, 'cycles:A', REFUSED);
    const [refused] = journal.unsettled(1);

    await journal.decisions.decide({ kind: 'drop', id: refused?.id ?? 0, who: 'ann', confirmed: true });

    expect(journalStatus(journal, iso)).toMatchObject({ newestUnsettled: [], newestEvents: [shown(step(1))] });
  });

  it('sizes are shown with their units, and the check of the file with its result', () => {
    const journal = testJournal(testFolder());
    const check = { damaged: 'page 7 is not readable' };
    const upkeep = () => ({ used: 12_345_678, wal: 4_000_000, maxSize: 2_000_000_000, check, problem: null });

    expect(journalStatus({ ...journal, upkeep }, iso)).toMatchObject({
      file: {
        used: '12.3MB',
        writeAheadLog: '4MB',
        maxSize: '2000MB',
        check: 'damaged: page 7 is not readable',
        problem: null,
      },
    });
  });
});
