import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { increment } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { testJournal } from '../support/journal.ts';

const MANY = 20_000;
const SOURCES = '  desk: { protocol: simulated, signals: { a: { as: bool, script: [{ for: 1h, value: true }] } } }';
const RULES = '  r: { when: not a, on_delay: 1s, off_delay: 1s, dispatch: { machine: M, type: DOWN, description: d } }';

describe('SIGKILL of a gateway with many waiting actions', () => {
  it('a gateway with many waiting actions has all of them after a SIGKILL', async () => {
    const data = join(testFolder(), 'data');
    mkdirSync(data);
    // No server listens at this address, so everything waits.
    const l2l = 'http://127.0.0.1:9';
    const options = { destination: `${l2l} site 43`, now: () => Date.now(), settle: () => 0 };
    const journal = testJournal(data, options);
    const actions = Array.from({ length: MANY }, (_, n) => increment(`M-${n % 100}`, n));
    await journal.commit({ states: [], actions, taken: [], values: [], at: Date.now() });
    journal.close();
    const gateway = testGateway({ l2l, sources: SOURCES, rules: RULES, data });

    for (let life = 0; life < 2; life++) {
      await gateway.start();
      await gateway.untilSeen();
      const untold = async () => {
        const { journal: now, queue } = await gateway.status();
        return {
          redis: queue.redis.up,
          parked: now.parked + now.deadLetters,
          // The other half may be in calls that were tried: a call takes all actions of a machine.
          waiting: now.actionsWaiting > MANY * 0.5,
        };
      };
      await expect.poll(untold, PATIENCE).toEqual({ redis: true, parked: 0, waiting: true });
      await gateway.kill();
    }

    const after = testJournal(data, options);
    const inCalls = after.openCalls().flatMap(call => call.actions).length;
    expect(after.counts().waiting + inCalls).toBe(MANY);
  });
});
