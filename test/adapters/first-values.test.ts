import { describe, expect, it } from 'vitest';
import { watchFirstValues } from '../../src/adapters/first-values.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { virtualClock } from '../support/virtual-clock.ts';

function watched(names: readonly string[], known: readonly string[] = []) {
  const clock = virtualClock(1_000_000);
  const log = recordingLogger();
  const silent: unknown[] = [];
  const onSilent = (...reported: unknown[]) => void silent.push(reported);
  const signals = names.map(name => ({
    name,
    source: 'broker',
    type: 'bool' as const,
    fingerprint: name,
    restorable: true,
    acceptUncertain: false,
  }));
  const values = watchFirstValues({ source: 'broker', signals, known: new Set(known), clock, log, onSilent });
  return { values, clock, log, silent };
}

describe('first values of a source', () => {
  it('signals that never had a value are logged once, 30 s after the connect', () => {
    const { values, clock, log, silent } = watched(['a', 'b', 'c'], ['c']);
    clock.advance(60_000);
    values.connected();
    values.received('a');
    clock.advance(29_999);
    expect([log.lines, silent]).toEqual([[], []]);

    clock.advance(1);
    values.disconnected();
    values.connected();
    clock.advance(60_000);

    expect(log.lines).toEqual([
      {
        level: 'warn',
        fields: { source: 'broker', signals: ['b'], count: 1 },
        message: expect.stringContaining('check the spelling of their topics or nodes'),
      },
    ]);
    expect(silent).toEqual([[['b'], 'no value came within 30s after broker connected']]);
  });

  it('after a loss without a session, silent signals are logged again, but not those that had a value', () => {
    const { values, clock, log, silent } = watched(['a', 'b', 'c'], ['c']);
    values.connected();
    values.received('a');
    values.received('b');
    values.disconnected();
    values.session(false);
    values.connected();
    values.received('b');
    clock.advance(30_000);

    expect(silent).toEqual([[['a', 'c'], 'no value came within 30s after broker connected']]);
    expect(log.lines).toEqual([]);
  });

  it('the values of a kept session still hold', () => {
    const { values, clock, silent } = watched(['a'], []);
    values.connected();
    values.received('a');
    values.disconnected();
    values.session(true);
    values.connected();
    clock.advance(30_000);

    expect(silent).toEqual([]);
  });

  it('the wait for first values stops while the source is away', () => {
    const { values, clock, log } = watched(['a']);
    values.connected();
    clock.advance(20_000);
    values.disconnected();
    clock.advance(60_000);
    values.connected();
    clock.advance(20_000);
    values.received('a');
    clock.advance(60_000);

    expect(log.lines).toEqual([]);
  });

  it('the log line names at most ten silent signals', () => {
    const { values, clock, log } = watched(Array.from({ length: 40 }, (_, index) => `s${index}`));
    values.connected();
    clock.advance(30_000);

    expect(log.lines[0]?.fields).toMatchObject({ count: 40, signals: { length: 10 } });
  });
});
