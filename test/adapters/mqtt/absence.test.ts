import { describe, expect, it } from 'vitest';
import { createAbsence, looksFull, lossOf } from '../../../src/adapters/mqtt/absence.ts';

const HOUR = 3_600_000;

describe('messages that an mqtt broker may have dropped', () => {
  const facts = { queued: 0, queueLimit: 5, away: HOUR, maxOffline: 24 * HOUR, takenOver: false };

  it.each([
    { what: 'fewer messages than the limit', change: { queued: 4 }, expected: undefined },
    {
      what: 'as many as the limit',
      change: { queued: 5 },
      expected: "the broker's queue was full: 5 messages came, it keeps 5",
    },
    {
      what: 'more than the limit',
      change: { queued: 7 },
      expected: "the broker's queue was full: 7 messages came, it keeps 5",
    },
    { what: 'many when no limit is known', change: { queued: 1000, queueLimit: undefined }, expected: undefined },
    { what: 'an absence as long as allowed', change: { away: 24 * HOUR }, expected: undefined },
    {
      what: 'a longer one',
      change: { away: 24 * HOUR + 60_123 },
      expected: 'the gateway was away for 1d1m, longer than max_offline (1d)',
    },
    {
      what: 'another client in our place',
      change: { takenOver: true },
      expected: 'another client had the same client_id, and the messages that it took do not come to the gateway',
    },
    { what: 'an absence of unknown length', change: { away: null }, expected: undefined },
  ])('the reason for lost messages with $what is: $expected', ({ change, expected }) => {
    expect(lossOf({ ...facts, ...change })?.reason).toBe(expected);
  });

  it('the warning about a full queue names the setting to raise', () => {
    expect(lossOf({ ...facts, queued: 5 })?.mend).toContain('max_queued_messages');
    expect(lossOf({ ...facts, away: 25 * HOUR })?.mend).toMatch(/^raise max_offline/);
  });

  it('the exact usual sizes of a queue are a sign that it was full', () => {
    const counts = [0, 1, 5, 10, 50, 99, 100, 101, 200, 500, 999, 1000, 1001, 5000, 10_000, 100_000];

    expect(counts.filter(looksFull)).toEqual([100, 500, 1000, 5000, 10_000, 100_000]);
  });
});

describe('an absence from an mqtt broker', () => {
  it('an absence lasts from the end of the last connection that had read everything', () => {
    const absence = createAbsence({ since: 1000, queued: 0 });
    expect(absence.since).toBe(1000);

    absence.opened(true);
    expect(absence.since).toBe(1000);
    absence.caughtUp();
    absence.left(5000);

    expect(absence.since).toBe(5000);
  });

  it('an absence goes on when the connection breaks while the queue is read', () => {
    const absence = createAbsence({ since: 1000, queued: 0 });
    absence.opened(true);
    for (const acknowledged of [absence.came(), absence.came()]) acknowledged();
    absence.came();
    absence.left(5000);

    absence.opened(true);
    absence.came();
    absence.came();

    // The third message came again.
    expect([absence.since, absence.queued]).toEqual([1000, 4]);
  });

  it('an absence goes on when the process was killed while it read the queue', () => {
    const absence = createAbsence({ since: 1000, queued: 4 });

    absence.opened(true);
    absence.came();

    expect([absence.since, absence.queued]).toEqual([1000, 5]);
  });

  it('the next absence begins after the queue was read', () => {
    const absence = createAbsence({ since: null, queued: 0 });
    absence.opened(true);
    const late = absence.came();
    absence.came()();
    absence.caughtUp();
    late();
    absence.left(5000);

    absence.opened(true);

    expect(absence.queued).toBe(0);
  });

  it('an absence is over when the broker kept no session', () => {
    const absence = createAbsence({ since: 1000, queued: 0 });
    absence.opened(true);
    absence.came()();
    absence.left(2000);
    absence.opened(false);
    absence.left(5000);

    absence.opened(true);

    expect([absence.since, absence.queued]).toEqual([5000, 0]);
  });

  it('a process that was never connected has no absence', () => {
    const absence = createAbsence({ since: null, queued: 0 });
    absence.left(5000);

    expect(absence.since).toBeNull();
  });
});
