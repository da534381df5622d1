import { describe, expect, it } from 'vitest';
import { type GatewayState, notReady } from '../../src/app/readiness.ts';
import type { PauseCause } from '../../src/queue/breaker.ts';
import type { SignalView } from '../../src/rules/signal-view.ts';

const NOW = 100_000;
const BACKLOG = { calls: 3, ms: 240_000, oldestAt: 0 };
const AWAY = "L2L (https://acme) can't be reached (since …)";
const pause = (cause: PauseCause, probeAt = NOW + 19_400) => ({
  ...{ cause, detail: 'why', since: 0, probeAt, probes: 1 },
  ...({ destination: 'l2l', name: 'L2L', backlog: BACKLOG } as const),
});

function standing(change: Partial<GatewayState>, paused: ReturnType<typeof pause> | null = null): GatewayState {
  return {
    now: NOW,
    clock: null,
    rules: null,
    queue: {
      redis: { up: true, since: 0, detail: 'connected' },
      redisProblems: [],
      paused: paused === null ? [] : [paused],
      backlog: BACKLOG,
      running: 0,
      open: { retry: 2, accepted: 4 },
      held: 0,
      heldUp: [],
      oldestOpenAt: null,
      counts: { delivered: 0, foundOpen: 0, rejected: 0, parked: 0, released: 0, dropped: 0 },
    },
    l2l: null,
    sources: [],
    signals: [],
    log: null,
    ...change,
  };
}

const signal = (change: Partial<SignalView>): SignalView => ({
  definition: {
    name: 'press1.running',
    source: 'plc',
    type: 'bool',
    fingerprint: 'f',
    restorable: false,
    acceptUncertain: false,
  },
  value: null,
  good: false,
  quality: 'bad',
  reason: null,
  emptySince: null,
  at: null,
  ...change,
});

describe('readiness', () => {
  it('the gateway is ready when nothing is wrong', () => {
    expect(notReady(standing({ sources: [{ source: 'plc', state: 'connected', at: 0 }] }))).toEqual([]);
  });

  it.each<[PauseCause, string]>([
    ['network', "L2L can't be reached (why); 3 calls wait, about 4m once L2L answers; next try in 20s"],
    ['auth', 'L2L does not take the API key (why); 3 calls wait, about 4m once L2L answers; next try in 20s'],
    ['refused', 'L2L refuses everything that is sent (why); 3 calls wait, about 4m once L2L answers; next try in 20s'],
    ['journal', "the journal can't be written (why); 3 calls wait, about 4m; next try in 20s"],
  ])('readiness explains why calls wait: %s', (cause, words) => {
    expect(notReady(standing({}, pause(cause)))).toEqual([words]);
  });

  it('readiness names a clock that can not be trusted before all else', () => {
    const missing = notReady(standing({ clock: 'the clock says …' }, pause('auth')));

    expect(missing).toEqual(['the clock says …', expect.stringContaining('API key')]);
  });

  it('the time to the next attempt is never below zero', () => {
    expect(notReady(standing({}, pause('network', NOW - 5)))).toEqual([
      "L2L can't be reached (why); 3 calls wait, about 4m once L2L answers; next try now",
    ]);
  });

  it('readiness reports only once that L2L is away', () => {
    expect(notReady(standing({ l2l: AWAY }))).toEqual([AWAY]);
    expect(notReady(standing({ l2l: AWAY }, pause('network')))).not.toContain(AWAY);
  });

  it('readiness names the sources that are away', () => {
    const sources = [{ source: 'plc', state: 'disconnected', at: 0, reason: 'refused' }] as const;

    expect(notReady(standing({ sources, signals: [signal({ reason: 'plc is disconnected' })] }))).toEqual([
      'source plc is disconnected: refused',
    ]);
  });

  it('readiness names a source that answers while its signals can not be read', () => {
    const sources = [{ source: 'plc', state: 'connected', at: NOW }] as const;
    const signals = [
      signal({ good: true, quality: 'good' }),
      signal({}),
      signal({ definition: { ...signal({}).definition, name: 'press1.fault' }, reason: 'no such node' }),
      signal({ reason: 'the queue was full', quality: 'uncertain' }),
    ];

    expect(notReady(standing({ sources, signals }))).toEqual([
      'source plc: 2 of 4 signals unknown: press1.fault (no such node), press1.running (the queue was full)',
    ]);
  });

  it('readiness names no more than three signals of a source', () => {
    const { definition } = signal({});
    const sources = [{ source: 'plc', state: 'connected', at: NOW }] as const;
    const signals = ['a', 'b', 'c', 'd', 'e'].map(name =>
      signal({ definition: { ...definition, name }, reason: 'no such node' }),
    );

    expect(notReady(standing({ sources, signals }))).toEqual([
      'source plc: 5 of 5 signals unknown: a (no such node), b (no such node), c (no such node) and 2 more',
    ]);
  });

  it.each([
    [
      'a subscribed node that never had a value',
      { restorable: false },
      null,
      'nothing received yet: check its topic or node',
    ],
    ['a topic that never had a message', { restorable: true }, null, 'nothing received yet: check its topic or node'],
    [
      'a node that is silent since a reconnect',
      { restorable: false },
      5,
      'nothing received since the source came back',
    ],
  ])('readiness names %s, 30 s after the connect', (_, change, at, words) => {
    const { definition } = signal({});
    const sources = [{ source: 'plc', state: 'connected', at: NOW }] as const;
    const silent = signal({ definition: { ...definition, ...change }, at });
    const missing = (now: number) => notReady(standing({ now, sources, signals: [silent] }));

    expect(missing(NOW + 30_000)).toEqual([]);
    expect(missing(NOW + 30_001)).toEqual([`source plc: 1 of 1 signals unknown: press1.running (${words})`]);
  });

  it('readiness does not name a device behind a broker that sent something before', () => {
    const { definition } = signal({});
    const sources = [{ source: 'plc', state: 'connected', at: NOW }] as const;
    const device = signal({ definition: { ...definition, restorable: true }, at: 5 });

    expect(notReady(standing({ now: NOW + 60_000, sources, signals: [device] }))).toEqual([]);
  });
});
