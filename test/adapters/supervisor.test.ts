import { describe, expect, it } from 'vitest';
import type { Adapter, SourceSink } from '../../src/adapters/adapter.ts';
import { startSupervisor } from '../../src/adapters/supervisor.ts';
import type { Logger } from '../../src/core/logger.ts';
import type { SampleBatch, SignalDefinition, SourceStatus } from '../../src/core/sample.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const START = 1_000_000;

/** An adapter whose lives the test controls. */
function puppet() {
  const lives: { sink: SourceSink; at: number; fail(message: string): void; resolve(): void }[] = [];
  let stubborn = false;
  const clock = virtualClock(START);
  const adapter: Adapter = {
    run: (sink, signal) =>
      new Promise((resolve, reject) => {
        lives.push({ sink, at: clock.now() - START, fail: message => reject(new Error(message)), resolve });
        signal.addEventListener('abort', () => stubborn || resolve());
      }),
  };
  const life = () => {
    const last = lives.at(-1);
    if (!last) throw new Error('not started');
    return last;
  };
  return {
    adapter,
    lives,
    life,
    clock,
    beStubborn: () => {
      stubborn = true;
    },
  };
}

const signal = (name: string, more: Partial<SignalDefinition> = {}): SignalDefinition => ({
  name,
  source: 'plc',
  type: 'number',
  fingerprint: name,
  restorable: false,
  acceptUncertain: false,
  ...more,
});

function supervised(signals: readonly SignalDefinition[], restored?: ReadonlyMap<string, number>) {
  const plc = puppet();
  const batches: SampleBatch[] = [];
  const statuses: SourceStatus[] = [];
  const sessions: [string, boolean][] = [];
  const lines: string[] = [];
  const line = (fields: object, message: string) =>
    void lines.push(`${message}${'reason' in fields ? `: ${String(fields.reason)}` : ''}`);
  const log: Logger = { debug: line, info: line, warn: line, error: line };
  const supervisor = startSupervisor({
    sources: [{ name: 'plc', adapter: plc.adapter, signals }],
    port: {
      samples: batch => void batches.push(batch),
      status: status => void statuses.push(status),
      session: (source, present) => void sessions.push([source, present]),
    },
    clock: plc.clock,
    log,
    random: () => 1,
    ...(restored && { restored }),
  });
  /** Lets promises go on, then moves the clock. */
  const pass = async (ms: number) => {
    await settle();
    plc.clock.advance(ms);
    await settle();
  };
  /** Moves the clock until the adapter runs again. Returns how long that took. */
  const nextLife = async () => {
    const lives = plc.lives.length;
    const from = plc.clock.now();
    await settle();
    while (plc.lives.length === lives) await pass(100);
    return plc.clock.now() - from;
  };
  const good = (name: string, value: number) => {
    const now = plc.clock.now();
    plc.life().sink.samples({
      at: now,
      receivedAt: now,
      time: 'received',
      samples: [{ signal: name, value, quality: 'good' }],
    });
  };
  const reports = () =>
    batches.flatMap(batch =>
      batch.samples.map(sample => `${batch.at - START} ${sample.signal} ${sample.value ?? sample.reason}`),
    );
  return { ...plc, supervisor, batches, statuses, sessions, lines, pass, nextLife, good, reports };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('supervisor', () => {
  it('the supervisor waits 1, 2, 4 … up to 30 seconds between attempts, and reports a lasting loss once', async () => {
    const plc = supervised([]);

    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      plc.life().fail('no route to 10.0.0.9');
      waits.push(await plc.nextLife());
    }

    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(plc.statuses.map(({ state, reason }) => [state, reason])).toEqual([
      ['connecting', undefined],
      ['disconnected', 'no route to 10.0.0.9'],
    ]);
    expect(plc.lines).toEqual(['source connecting', 'source disconnected: no route to 10.0.0.9']);
  });

  it('the supervisor waits briefly again after a minute of a good connection', async () => {
    const plc = supervised([]);
    const gaps: number[] = [];
    for (const held of [0, 0, 59_900, 60_000]) {
      if (held > 0) plc.life().sink.connected();
      await plc.pass(held);
      plc.life().fail('lost');
      gaps.push(await plc.nextLife());
    }

    expect(gaps).toEqual([1000, 2000, 4000, 1000]);
  });

  it('the supervisor reports each change of state, with the reason of a loss', async () => {
    const plc = supervised([]);

    plc.life().sink.catchingUp();
    plc.life().sink.connected();
    plc.life().sink.connected();
    plc.life().fail('closed by the broker');
    await plc.pass(1000);
    plc.life().sink.connected();

    expect(plc.statuses.map(({ state, reason, at }) => [at - START, state, reason])).toEqual([
      [0, 'connecting', undefined],
      [0, 'catching_up', undefined],
      [0, 'connected', undefined],
      [0, 'disconnected', 'closed by the broker'],
      [1000, 'connected', undefined],
    ]);
    expect(plc.supervisor.status()).toEqual([plc.statuses.at(-1)]);
  });

  it('the supervisor ignores an attempt that is over', async () => {
    const plc = supervised([signal('a')]);
    const old = plc.life();
    old.fail('lost');
    await plc.pass(0);

    old.sink.connected();
    old.sink.session(true);
    old.sink.samples({ at: 0, receivedAt: 0, time: 'received', samples: [{ signal: 'a', value: 1, quality: 'good' }] });

    expect(plc.statuses.at(-1)?.state).toBe('disconnected');
    expect(plc.batches).toEqual([]);
    expect(plc.sessions).toEqual([]);
  });

  it('an adapter that ends by itself, or throws at once, is disconnected', async () => {
    const clock = virtualClock(START);
    const statuses: string[] = [];
    startSupervisor({
      sources: [
        { name: 'quits', adapter: { run: () => Promise.resolve() }, signals: [] },
        {
          name: 'throws',
          adapter: {
            run() {
              throw new Error('defect');
            },
          },
          signals: [],
        },
      ],
      port: {
        samples() {},
        session() {},
        status: ({ source, state, reason }) => void statuses.push(`${source} ${state} ${reason}`),
      },
      clock,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    await settle();

    expect(statuses).toContain('quits disconnected the adapter ended by itself');
    expect(statuses).toContain('throws disconnected defect');
  });

  it('the supervisor passes on the reports of an adapter, in their order, under the name of the source', () => {
    const plc = supervised([signal('a')]);
    plc.life().sink.session(true);
    plc.life().sink.catchingUp();
    plc.good('a', 1);

    expect(plc.sessions).toEqual([['plc', true]]);
    expect(plc.batches).toMatchObject([{ source: 'plc', samples: [{ signal: 'a', value: 1 }] }]);
  });

  describe('staleness', () => {
    const STALE = { staleAfter: 30_000 };

    it('a silent signal becomes bad once, at the time its limit passed', async () => {
      const plc = supervised([signal('a', STALE), signal('b')]);
      plc.life().sink.connected();
      plc.good('a', 1);
      plc.good('b', 1);
      await plc.pass(20_000);
      plc.good('a', 2);
      await plc.pass(200_000);

      expect(plc.reports()).toEqual(['0 a 1', '0 b 1', '20000 a 2', '50000 a stale: nothing received for 30s']);
    });

    it('a signal that never came becomes bad too', async () => {
      const plc = supervised([signal('a', STALE)]);
      await plc.pass(5000);
      plc.life().sink.connected();
      await plc.pass(100_000);

      expect(plc.reports()).toEqual(['35000 a stale: nothing received for 30s']);
    });

    it('staleness ends with the next message, and begins again', async () => {
      const plc = supervised([signal('a', STALE)]);
      plc.life().sink.connected();
      await plc.pass(40_000);
      plc.good('a', 1);
      await plc.pass(40_000);

      expect(plc.reports()).toEqual([
        '30000 a stale: nothing received for 30s',
        '40000 a 1',
        '70000 a stale: nothing received for 30s',
      ]);
    });

    it('staleness waits during the catch-up, and counts from the received messages', async () => {
      const plc = supervised([signal('a', { ...STALE, restorable: true }), signal('b', STALE)]);
      plc.life().sink.connected();
      plc.good('a', 1);
      plc.good('b', 1);
      await plc.pass(10_000);
      plc.life().fail('lost');
      await plc.pass(25_000);
      plc.life().sink.session(true);
      plc.life().sink.catchingUp();
      await plc.pass(10_000);
      expect(plc.reports().filter(line => line.includes('stale'))).toEqual([]);
      plc.good('a', 2);
      plc.life().sink.connected();
      await plc.pass(40_000);

      expect(plc.reports().filter(line => line.includes('stale'))).toEqual([
        '30000 b stale: nothing received for 30s',
        '75000 a stale: nothing received for 30s',
      ]);
    });

    it('staleness counts from the receipt of restored values', async () => {
      const plc = supervised([signal('a', STALE)], new Map([['a', START - 10_000]]));
      plc.life().sink.connected();
      await plc.pass(100_000);

      expect(plc.reports()).toEqual(['20000 a stale: nothing received for 30s']);
    });
  });

  it('a problem of one source does not affect another one', async () => {
    const [first, second] = [puppet(), puppet()];
    const batches: SampleBatch[] = [];
    const supervisor = startSupervisor({
      sources: [
        { name: 'one', adapter: first.adapter, signals: [] },
        { name: 'two', adapter: second.adapter, signals: [] },
      ],
      port: { samples: batch => void batches.push(batch), status() {}, session() {} },
      clock: first.clock,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });

    first.life().fail('gone');
    await settle();
    second.life().sink.connected();
    second.life().sink.samples({ at: 0, receivedAt: 0, time: 'received', samples: [] });

    expect(batches.map(batch => batch.source)).toEqual(['two']);
    expect(supervisor.status().map(({ source, state }) => [source, state])).toEqual([
      ['one', 'disconnected'],
      ['two', 'connected'],
    ]);
  });

  it('the supervisor stops all sources, also during a wait, and reports none as unfinished', async () => {
    const plc = supervised([]);
    plc.life().fail('lost');
    await settle();

    expect(await plc.supervisor.stop(5000)).toEqual([]);

    expect(plc.statuses.at(-1)).toMatchObject({ source: 'plc', state: 'stopped' });
    await plc.pass(100_000);
    expect(plc.lives).toHaveLength(1);
  });

  it('the supervisor reports a source that does not end, and waits only up to its limit', async () => {
    const plc = supervised([]);
    plc.beStubborn();

    const stopped = plc.supervisor.stop(5000);
    await plc.pass(5000);

    expect(await stopped).toEqual(['plc']);
  });
});
