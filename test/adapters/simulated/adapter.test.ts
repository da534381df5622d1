import { describe, expect, it } from 'vitest';
import { simulatedAdapter } from '../../../src/adapters/simulated/adapter.ts';
import { simulated } from '../../../src/adapters/simulated/definition.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import { virtualClock } from '../../support/virtual-clock.ts';
import { recordingSink } from '../recording-sink.ts';

const START = 1_000_000;

function playing(signals: object, more: object = {}) {
  const clock = virtualClock(START);
  const config = simulated.schema.parse({ protocol: 'simulated', signals, ...more });
  const adapter = simulatedAdapter({ name: 'sim', config, clock, log: silentLogger });
  const abort = new AbortController();
  const sink = recordingSink();
  const ended = adapter.run(sink, abort.signal);
  const samplesOf = (signal: string) =>
    sink
      .batches()
      .flatMap(batch =>
        batch.samples
          .filter(sample => sample.signal === signal)
          .map(sample => [batch.at - START, sample.value ?? sample.reason]),
      );
  return { clock, adapter, abort, sink, ended, samplesOf, config };
}

const RUNNING = {
  as: 'bool',
  script: [
    { for: '20s', value: true },
    { for: '5s', value: false },
  ],
};

describe('simulated adapter', () => {
  it.each([2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY])(
    'the schema refuses a value that is not exact: %s',
    value => {
      const signals = { 'oven1.temp': { as: 'number', script: [{ for: '1s', value }] } };

      expect(simulated.schema.safeParse({ protocol: 'simulated', signals }).success).toBe(false);
    },
  );

  it('-0 is shown as 0', () => {
    const { samplesOf } = playing({ 'oven1.temp': { as: 'number', script: [{ for: '1s', value: -0 }] } });

    expect(samplesOf('oven1.temp')).toEqual([[0, 0]]);
  });

  it('a script is played with its own times, again and again', () => {
    const { clock, samplesOf } = playing({ 'press1.running': RUNNING });

    clock.advance(50_000);

    expect(samplesOf('press1.running')).toEqual([
      [0, true],
      [20_000, false],
      [25_000, true],
      [45_000, false],
      [50_000, true],
    ]);
  });

  it('a simulated counter counts only while the machine runs, and wraps', () => {
    const { clock, samplesOf } = playing({
      'press1.running': RUNNING,
      'press1.strokes': {
        as: 'uint16',
        count: { every: '4s', while: 'press1.running', from: 65_533 },
        counter: { wraps: 'full', max_rate: '60/min' },
      },
    });

    clock.advance(33_000);

    expect(samplesOf('press1.strokes')).toEqual([
      [0, 65_533],
      [4000, 65_534],
      [8000, 65_535],
      [12_000, 0],
      [16_000, 1],
      [20_000, 2],
      [29_000, 3],
      [33_000, 4],
    ]);
  });

  it('changes of the same moment are one batch', () => {
    const { clock, sink } = playing({ 'a.on': RUNNING, 'b.on': RUNNING });

    clock.advance(20_000);

    expect(sink.batches().map(batch => batch.samples.length)).toEqual([2, 2]);
  });

  it('a script plays bad and uncertain steps', () => {
    const script = [
      { for: '1s', value: 5 },
      { for: '1s', quality: 'bad', reason: 'cable pulled' },
      { for: '1s', value: 6, quality: 'uncertain' },
    ];
    const { clock, sink } = playing({ 'a.v': { as: 'number', script } });

    clock.advance(2000);

    expect(sink.of('a.v')).toEqual([
      { signal: 'a.v', value: 5, quality: 'good', sourceAt: START },
      { signal: 'a.v', value: null, quality: 'bad', reason: 'cable pulled', sourceAt: START + 1000 },
      { signal: 'a.v', value: 6, quality: 'uncertain', sourceAt: START + 2000 },
    ]);
  });

  it('a script that is started again goes on where it would be', async () => {
    const { clock, adapter, abort, ended } = playing({ 'press1.running': RUNNING });
    abort.abort();
    await ended;
    clock.advance(22_000);
    const sink = recordingSink();
    const second = new AbortController();

    const again = adapter.run(sink, second.signal);
    clock.advance(3000);

    expect(sink.of('press1.running').map(sample => [(sample.sourceAt ?? 0) - START, sample.value])).toEqual([
      [20_000, false],
      [25_000, true],
    ]);
    second.abort();
    await again;
  });

  it('a simulated counter counts from `since` on, so that a restart of the gateway loses no count', () => {
    const since = new Date(START - 3_600_000).toISOString();
    const { samplesOf } = playing({ 'a.count': { as: 'uint32', count: { every: '1s' } } }, { since });

    expect(samplesOf('a.count')).toEqual([[0, 3600]]);
  });

  it('a simulated source delivers nothing after the abort', async () => {
    const { clock, abort, sink, ended } = playing({ 'press1.running': RUNNING });

    abort.abort();
    await ended;
    clock.advance(100_000);

    expect(sink.batches()).toHaveLength(1);
  });

  it('a late timer delivers each change with its own time', () => {
    const clock = virtualClock(START);
    const late = { ...clock, at: (at: number, callback: () => void) => clock.at(at + 60_000, callback) };
    const config = simulated.schema.parse({ protocol: 'simulated', signals: { 'press1.running': RUNNING } });
    const sink = recordingSink();
    void simulatedAdapter({ name: 'sim', config, clock: late, log: silentLogger }).run(
      sink,
      new AbortController().signal,
    );

    clock.advance(80_000);

    expect(sink.batches().map(batch => batch.at - START)).toEqual([0, 20_000, 25_000, 45_000, 50_000, 70_000, 75_000]);
  });

  it.each([
    [{ 'a.v': { as: 'bool' } }, 'write script: or count:, one of the two'],
    [{ 'a.v': { as: 'bool', script: [{ for: '1s', value: 1 }] } }, '1 is not bool'],
    [{ 'a.v': { as: 'bool', script: [{ for: '1s' }] } }, 'write a value, or quality: bad without one'],
    [{ 'a.v': { as: 'bool', script: [{ for: '0s', value: true }] } }, 'write at least 1ms'],
    [{ 'a.v': { as: 'bool', count: { every: '1s' } } }, 'what counts is a number, such as uint32'],
    [
      { 'a.v': { as: 'uint16', count: { every: '1s', while: 'b.v' } } },
      '"b.v" is not a scripted yes/no signal of this source',
    ],
  ])('the simulated schema refuses %j', (signals, message) => {
    const parsed = simulated.schema.safeParse({ protocol: 'simulated', signals });

    expect(parsed.error?.issues.map(issue => issue.message)).toContain(message);
  });
});
