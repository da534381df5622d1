import { describe, expect, it } from 'vitest';
import { holdUps, queueStatus } from '../../../src/app/status/queue.ts';
import { createTimeNotation } from '../../../src/core/time-notation.ts';
import type { CallQueueStatus } from '../../../src/queue/call-queue.ts';

const { iso } = createTimeNotation('America/Denver');
const SIX = '2026-03-02T06:00:00.000-07:00';
const AT = Date.parse(SIX);

const BACKLOG = { calls: 3, ms: 240_000, oldestAt: AT };
const PAUSED = {
  ...({ destination: 'l2l', name: 'L2L', backlog: BACKLOG } as const),
  ...({ cause: 'network', detail: 'refused', since: AT, probeAt: AT + 60_000, probes: 2 } as const),
};

const queue: CallQueueStatus = {
  redis: { up: true, since: AT, detail: 'connected' },
  redisProblems: [],
  paused: [PAUSED],
  backlog: BACKLOG,
  running: 1,
  open: { retry: 2, unknown: 1, accepted: 4 },
  held: 1,
  heldUp: [],
  oldestOpenAt: AT,
  counts: { delivered: 5, foundOpen: 1, rejected: 2, parked: 1, released: 3, dropped: 0 },
};

const commandLine = (words: string) => `gateway ${words}`;

describe('the queue on the status page', () => {
  it('the queue shows in words what waits and what needs a person', () => {
    expect(queueStatus(queue, { deadLetters: 1, parked: 2 }, iso, commandLine)).toEqual({
      words:
        '3 calls wait, about 4m once L2L answers; 1 dead letter and 2 parked actions wait for a person: gateway queue list',
      list: 'gateway queue list',
      redis: { up: true, since: SIX, detail: 'connected' },
      redisProblems: [],
      paused: [
        {
          destination: 'L2L',
          words: "L2L can't be reached",
          cause: 'network',
          detail: 'refused',
          since: SIX,
          nextTry: '2026-03-02T06:01:00.000-07:00',
          failedTries: 2,
        },
      ],
      backlog: { calls: 3, oldestAt: SIX, words: '3 calls wait, about 4m once L2L answers' },
      callsRunning: 1,
      callsOpen: { retrying: 2, 'in doubt': 1, accepted: 4 },
      oldestCallAt: SIX,
      held: 1,
      heldUp: [],
      deadLetters: 1,
      parked: 2,
      sinceStart: { delivered: 5, foundOpen: 1, refused: 2, parked: 1, putBack: 3, dropped: 0 },
    });
  });

  const unknownCode = {
    reason: 'code',
    detail: 'L2L knows no machine PRESS-99 at site 43; did you mean `PRESS-01`? Correct the code in the rule',
    rules: [{ rule: 'press_count', where: 'plant.yaml:31' }],
    lanes: ['cycles:PRESS-99'],
    nextTry: AT,
  } as const;

  it('queue list shows each reason that holds calls up, once', () => {
    const hold = { cause: 'settings', detail: 'correct l2l.api_key at a.yaml:7' } as const;
    const stands = { ...queue, heldUp: [unknownCode] };

    expect(holdUps(stands, null)).toEqual(["L2L can't be reached (refused)", expect.stringContaining('PRESS-99')]);
    const auth = { ...stands, paused: [{ ...PAUSED, cause: 'auth' as const }] };
    expect(holdUps(auth, hold)).toEqual([
      'nothing is sent: correct l2l.api_key at a.yaml:7',
      expect.stringContaining('PRESS-99'),
    ]);
    const redis = { ...queue.redis, up: false, detail: 'Redis is away' };
    expect(holdUps({ ...queue, paused: [], redis }, null)).toEqual(['Redis is away']);
  });

  it('calls held up by an unknown code or a missing right are named with rule, line and correction', () => {
    const page = queueStatus(
      { ...queue, paused: [], heldUp: [unknownCode] },
      { deadLetters: 0, parked: 0 },
      iso,
      commandLine,
    );
    const words = `calls of rule press_count (plant.yaml:31) wait: ${unknownCode.detail}`;
    expect(page).toMatchObject({
      words: `3 calls wait, about 4m; ${words}`,
      heldUp: [{ ...unknownCode, words, reason: 'unknown code', nextTry: SIX }],
    });
  });

  it('the queue explains why nothing is sent while an L2L setting is wrong', () => {
    const hold = {
      cause: 'settings',
      detail: 'L2L does not take the API key: correct l2l.api_key at a.yaml:7',
    } as const;
    expect(queueStatus({ ...queue, paused: [] }, { deadLetters: 0, parked: 0 }, iso, commandLine, hold)).toMatchObject({
      words: `3 calls wait, about 4m; nothing is sent: ${hold.detail}`,
      paused: [{ words: 'nothing is sent', ...hold }],
    });
    const paused = [{ ...PAUSED, cause: 'auth' as const, detail: 'HTTP 401' }];
    expect(queueStatus({ ...queue, paused }, { deadLetters: 0, parked: 0 }, iso, commandLine, hold)).toMatchObject({
      paused: [{ cause: 'auth', detail: hold.detail }],
    });
  });

  it.each([
    [0, 0, 'nothing waits for a person'],
    [0, 1, '1 parked action waits for a person'],
  ])('the queue counts %i dead letters and %i parked actions', (deadLetters, parked, words) => {
    expect(queueStatus(queue, { deadLetters, parked }, iso, commandLine)).toMatchObject({
      words: expect.stringContaining(words),
    });
  });
});
