import { expect, it, onTestFinished } from 'vitest';
import type { Adapter, SourceSink } from '../../src/adapters/adapter.ts';
import { startSupervisor } from '../../src/adapters/supervisor.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { createRunner } from '../../src/rules/runner.ts';
import { memoryJournal } from '../rules/support/memory-journal.ts';
import { dispatch, is, program, signal } from '../rules/support/program.ts';
import { on } from '../rules/support/rule-plant.ts';
import { virtualClock } from '../support/virtual-clock.ts';

async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise(resolve => setImmediate(resolve));
}

it('a rule names the silence of a signal after the return of its broker as the reason why it is unknown', async () => {
  const clock = virtualClock(on('06:00'));
  const lamp = signal('lamp', { source: 'broker', restorable: true });
  const journal = memoryJournal();
  const rules = program([dispatch('call', is('lamp'), { onDelay: 0 })], [lamp]);
  const runner = createRunner({ program: rules, journal, clock, log: silentLogger });
  let sink: SourceSink | undefined;
  let lose = (_why: string) => {};
  const adapter: Adapter = {
    run: (given, abort) =>
      new Promise((resolve, reject) => {
        sink = given;
        lose = why => reject(new Error(why));
        abort.addEventListener('abort', () => resolve());
      }),
  };
  runner.start();
  const supervisor = startSupervisor({
    sources: [{ name: 'broker', adapter, signals: [lamp] }],
    port: runner,
    clock,
    log: silentLogger,
  });
  onTestFinished(async () => {
    await supervisor.stop(0);
    await runner.stop();
  });
  const pass = async (ms: number) => {
    await turns();
    clock.advance(ms);
    await turns();
  };
  const connect = () => {
    sink?.session(false);
    sink?.connected();
  };

  await turns();
  connect();
  const now = clock.now();
  sink?.samples({
    at: now,
    receivedAt: now,
    time: 'received',
    samples: [{ signal: 'lamp', value: false, quality: 'good' }],
  });
  await pass(60_000);
  lose('the cable is out');
  await pass(5000);
  connect();
  await pass(30_000);
  await pass(1000);

  const said = journal.commits.flatMap(({ decisions = [] }) => decisions).map(({ text }) => text);
  expect(said.filter(text => text.includes('unknown'))).toEqual([
    'lamp is unknown (broker is disconnected): nothing opens while it is unknown',
    'lamp is unknown (no value came within 30s after broker connected): nothing opens while it is unknown',
  ]);
  expect(runner.signals()).toMatchObject([{ reason: 'no value came within 30s after broker connected' }]);
});
