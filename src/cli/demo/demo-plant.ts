import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { errorMessage, StartError } from '../../core/errors.ts';
import { Started } from '../../core/lifecycle.ts';
import { demoWorld, PROTOCOLS, type Protocol, STATIONS } from '../../simulation/demo-plant.ts';
import type { MachineTruth } from '../../simulation/machine.ts';
import type { FaultInput } from '../../simulation/sandbox/faults.ts';
import type { SandboxState } from '../../simulation/sandbox/state.ts';
import { type Child, startServer } from './child.ts';

/** The world around the gateway: an L2L sandbox and three PLCs, each a process of its own. */
export interface DemoPlant {
  readonly l2l: string;
  readonly key: string;
  readonly endpoints: Readonly<Record<Protocol, string>>;
  /** Commands every PLC: machines begin to move, or come to rest. */
  send(word: 'begin' | 'settle'): void;
  /** What all machines truly did so far. */
  truths(): Promise<readonly MachineTruth[]>;
  state(): Promise<SandboxState>;
  /** Faults in force from now on; waits for a sandbox that is away. */
  setFaults(faults: readonly FaultInput[]): Promise<void>;
  stop(): Promise<void>;
}

export type DemoPlantOptions = {
  readonly folder: string;
  readonly seed: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onUnexpectedEnd: (words: string) => void;
};

const SANDBOX = join(import.meta.dirname, '../../simulation/sandbox-main.ts');
const PLC = join(import.meta.dirname, '../../simulation/plc-main.ts');
const STOP_PATIENCE = 5000;
const ANSWER_WITHIN = 20_000;

const AtUrl = z.object({ url: z.string() });
const AtEndpoint = z.object({ endpoint: z.string() });
const TruthLine = z.object({ truth: z.array(z.custom<MachineTruth>()) });

export async function startDemoPlant(options: DemoPlantOptions): Promise<DemoPlant> {
  const started = new Started();
  try {
    return await start(options, started);
  } catch (error) {
    await started.stop(STOP_PATIENCE);
    throw error;
  }
}

async function start({ folder, seed, env, onUnexpectedEnd }: DemoPlantOptions, started: Started): Promise<DemoPlant> {
  const key = `demo-${randomUUID()}`;
  const world = join(folder, 'world.json');
  writeFileSync(world, JSON.stringify(demoWorld()));

  const stopWith = (name: string, child: Child) => started.add(name, () => child.stop(STOP_PATIENCE - 1000));
  const startSandbox = async () => {
    const { child, where } = await startServer({
      name: 'the L2L sandbox',
      args: [SANDBOX, '--world', world, '--seed', String(seed), '--batch-delay', '500ms'],
      env: { ...env, L2L_API_KEY: key },
      onLine: () => {},
      onUnexpectedEnd,
    });
    stopWith('sandbox', child);
    return AtUrl.parse(where).url;
  };
  const plcs: { child: Child; protocol: Protocol; endpoint: string }[] = [];
  const answers = new Map<Protocol, (truths: readonly MachineTruth[]) => void>();
  const startPlc = async (protocol: Protocol) => {
    const { child, where } = await startServer({
      name: `the ${protocol} PLC`,
      args: [PLC, '--protocol', protocol, '--seed', String(seed)],
      env,
      onLine: line => answers.get(protocol)?.(TruthLine.parse(JSON.parse(line)).truth),
      onUnexpectedEnd,
    });
    stopWith(protocol, child);
    plcs.push({ child, protocol, endpoint: AtEndpoint.parse(where).endpoint });
  };
  // All are awaited, also when one fails, so that each that came up is known and can be ended.
  const [sandbox, ...others] = await Promise.allSettled([startSandbox(), ...PROTOCOLS.map(startPlc)]);
  for (const result of [sandbox, ...others]) if (result.status === 'rejected') throw result.reason;
  const url = sandbox.status === 'fulfilled' ? sandbox.value : '';
  const endpointOf = (protocol: Protocol) => plcs.find(plc => plc.protocol === protocol)?.endpoint ?? '';

  const ask = async (path: string, init?: RequestInit): Promise<unknown> => {
    const deadline = performance.now() + ANSWER_WITHIN;
    for (;;) {
      try {
        return await (await fetch(`${url}${path}`, init)).json();
      } catch (cause) {
        // It is away, as chaos made it.
        if (performance.now() > deadline)
          throw new StartError(`the L2L sandbox does not answer: ${errorMessage(cause)}`);
        await wait(100);
      }
    }
  };
  return {
    l2l: url,
    key,
    endpoints: { opcua: endpointOf('opcua'), modbus: endpointOf('modbus'), mqtt: endpointOf('mqtt') },
    send(word) {
      for (const { child } of plcs) child.send(word);
    },
    async truths() {
      const all = plcs.map(({ child, protocol }) => {
        const { promise, resolve } = Promise.withResolvers<readonly MachineTruth[]>();
        answers.set(protocol, resolve);
        child.send('truth');
        return promise;
      });
      const order = STATIONS.map(({ machine }) => machine);
      return (await Promise.all(all)).flat().toSorted((a, b) => order.indexOf(a.machine) - order.indexOf(b.machine));
    },
    state: async () => (await ask('/sandbox/state')) as SandboxState,
    async setFaults(faults) {
      const headers = { 'content-type': 'application/json' };
      await ask('/sandbox/faults', { method: 'POST', headers, body: JSON.stringify({ faults }) });
    },
    async stop() {
      await started.stop(STOP_PATIENCE);
    },
  };
}
