import { describe, expect, it, onTestFinished } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { Delivery, StoredAction } from '../../src/core/delivery.ts';
import { NO_CHAIN } from '../../src/core/delivery.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { createSiteZone } from '../../src/l2l/site-time.ts';
import { createRunner } from '../../src/rules/runner.ts';
import { type Sandbox, startSandbox } from '../../src/simulation/sandbox/sandbox.ts';
import { siteTime } from '../../src/simulation/sandbox/site-time.ts';
import { SMALL_WORLD } from '../../src/simulation/sandbox/world.ts';
import { counter, cycles, dispatch, isNot, production, program, signal } from '../rules/support/program.ts';
import { testDelivery } from '../support/delivery.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal } from '../support/journal.ts';
import { API_KEY, cyclesOf, dispatchesOf, partsOf } from '../support/sandbox.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const ZONE = 'America/Denver';
const MINUTE = 60_000;
const NEVER = new AbortController().signal;
const running = signal('running');
const strokes = counter('strokes');
const plant = program(
  [
    dispatch('stop', isNot('running'), { onDelay: MINUTE, trade: 'MAINT' }),
    cycles('press', strokes),
    production('line1', strokes, {
      product: { text: 'P-100', signals: [], codes: ['P-100'], resolve: () => ({ code: 'P-100' }) },
    }),
  ],
  [running, strokes],
);

type Night = { readonly begins: string; readonly ends: string; readonly stops: readonly (readonly [string, string])[] };

/** Plays a night minute by minute, then sends all of it to L2L over HTTP. */
async function live({ begins, ends, stops }: Night) {
  const clock = virtualClock(Date.parse(begins));
  const world = SMALL_WORLD;
  const sandbox = await startSandbox({
    port: 0,
    host: '127.0.0.1',
    key: API_KEY,
    world,
    clock,
    manners: { batchDelay: 0 },
  });
  onTestFinished(() => sandbox.stop());
  const { delivery } = testDelivery({ url: sandbox.url, clock, zone: createSiteZone(ZONE) });
  const journal = testJournal(testFolder(), { now: () => clock.now(), settle: () => 0 });
  const made: Action[] = [];
  const onCommitted = (actions: readonly Action[]) => void made.push(...actions);
  const runner = createRunner({ program: plant, journal, clock, log: silentLogger, onCommitted });
  runner.start();
  runner.status({ source: 'plc', state: 'connected', at: clock.now() });

  let count = 0;
  for (const end = Date.parse(ends); clock.now() < end; clock.advance(MINUTE)) {
    const now = clock.now();
    const stands = stops.some(([from, to]) => Date.parse(from) <= now && now < Date.parse(to));
    if (!stands) count += 7;
    const samples = [
      { signal: 'running', value: !stands, quality: 'good' },
      { signal: 'strokes', value: count, quality: 'good' },
    ] as const;
    runner.samples({ source: 'plc', at: now, receivedAt: now, time: 'received', samples });
  }
  clock.advance(20 * MINUTE);
  await runner.stop();
  await deliverAll(journal, delivery, () => clock.advance(1000));
  return { sandbox, made, counted: count - 7 };
}

/** Does the work of the queue without its waits: the first action of every lane becomes a call until no action waits. */
async function deliverAll(journal: Journal, delivery: Delivery, pass: () => void): Promise<void> {
  for (let heads = journal.waitingHeads(9); heads.length > 0; heads = journal.waitingHeads(9)) {
    for (const head of heads) await deliver(head, journal, delivery, pass);
  }
}

async function deliver(head: StoredAction, journal: Journal, delivery: Delivery, pass: () => void): Promise<void> {
  const actions = [head];
  const frozen = delivery.freeze(actions, head.chain === null ? NO_CHAIN : journal.chain(head.chain));
  if (frozen.kind !== 'request') throw new Error(`${head.key}: ${frozen.why}`);
  const call = journal.freeze(actions, frozen.request, 0);
  const prepared = await delivery.prepare(call, NEVER);
  if (prepared.kind !== 'send') throw new Error(`${head.key}: ${prepared.kind}`);
  const sending = await journal.markSending(call.id, 0, prepared.base, 0);
  if (!sending) throw new Error(`${head.key} could not be marked`);
  const outcome = await delivery.send(sending, NEVER);
  if (outcome.kind !== 'delivered' && outcome.kind !== 'accepted') throw new Error(`${head.key}: ${outcome.detail}`);
  const { kind: state, result } = outcome;
  await journal.transition(call.id, ['sending'], { state, at: 0, notBefore: 0, reason: null, detail: null, result });
  if (state === 'delivered') return;
  for (;;) {
    pass();
    const found = await delivery.follow({ ...sending, state, result }, NEVER);
    if (found.kind === 'final') {
      expect([...found.failed]).toEqual([]);
      await journal.finish(call.id, found);
      return;
    }
    expect(found.kind).toBe('pending');
  }
}

/** Each dispatch as a person reads it in L2L. */
function read(sandbox: Sandbox): string[] {
  const time = (at: number | null) => (at === null ? 'open' : siteTime(at, ZONE).slice(11));
  return dispatchesOf(sandbox.state(), 'PRESS-01').map(
    ({ reported, completed }) => `${time(reported)} to ${time(completed)}`,
  );
}

describe('the nights in which the site’s clock is set', () => {
  it.each<[string, Night, readonly string[]]>([
    [
      'autumn, by an hour that comes twice',
      {
        begins: '2026-11-01T06:30:00Z',
        ends: '2026-11-01T09:45:00Z',
        stops: [
          ['2026-11-01T07:20:00Z', '2026-11-01T07:25:00Z'], // in the first pass
          ['2026-11-01T07:50:00Z', '2026-11-01T08:10:00Z'], // from the first into the second: 01:50 to 01:10
          ['2026-11-01T08:20:00Z', '2026-11-01T08:30:00Z'], // in the second
        ],
      },
      ['01:20:00 to 01:25:00', '01:50:00 to 01:50:01', '01:20:00 to 01:30:00'],
    ],
    [
      'spring, by an hour that never is',
      {
        begins: '2026-03-08T07:30:00Z',
        ends: '2026-03-08T10:45:00Z',
        stops: [
          ['2026-03-08T08:50:00Z', '2026-03-08T09:10:00Z'],
          ['2026-03-08T09:20:00Z', '2026-03-08T09:30:00Z'],
        ],
      },
      ['01:50:00 to 03:10:00', '03:20:00 to 03:30:00'],
    ],
  ])(
    'in the night of %s, every part is in one set, no set overlaps, and no time is negative',
    async (_, night, told) => {
      const { sandbox, made, counted } = await live(night);

      const state = sandbox.state();
      expect(state.manners.overlap).toBe('refuse');
      expect(read(sandbox)).toEqual(told);
      expect(partsOf(state, 'LINE-1')).toEqual({ good: counted, scrap: 0 });
      expect(cyclesOf(state, 'PRESS-01')).toBe(counted);
      // The journal has the true times, whatever L2L's texts can express.
      const times = made.flatMap(({ kind, params }) =>
        kind === 'open_dispatch' ? [params.reported] : kind === 'close_dispatch' ? [params.completed] : [],
      );
      expect(times).toEqual(night.stops.flat().map(time => Date.parse(time)));
    },
  );
});
