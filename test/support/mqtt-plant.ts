import { connectAsync } from 'mqtt';
import { onTestFinished } from 'vitest';
import { between, seededRandom } from '../../src/simulation/random.ts';
import type { SandboxState } from '../../src/simulation/sandbox/state.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { cyclesOf, dispatchStory, partsOf, timeOfDay } from './sandbox.ts';

export const STATIONS = [
  { name: 'press1', machine: 'PRESS-01', line: 'LINE-1' },
  { name: 'weld1', machine: 'WELD-01', line: 'LINE-2' },
  { name: 'robot1', machine: 'ROBOT-01', line: 'LINE-3' },
] as const;

/** What L2L has, or must have in the end. Times are whole seconds, as L2L keeps them. */
export type Account = Readonly<
  Record<string, { readonly story: readonly string[]; readonly cycles: number; readonly good: number }>
>;

/** Three machines that send each of their changes to a broker, with QoS 1 and its time. They remember the truth. */
export interface MqttPlant {
  readonly broker: Mosquitto;
  /** YAML of the source. */
  readonly source: string;
  /** YAML of the rules: stops, cycles and production of each machine. */
  readonly rules: string;
  /** Publishes the first values, before anything moves. */
  begin(): Promise<void>;
  /** Makes every machine run and stop in turn for about this long (ms). At the end all of them run and all changes are sent. */
  play(ms: number): Promise<void>;
  /** Does the same until `isOver` returns true. */
  playUntil(isOver: () => boolean): Promise<void>;
  /** Publishes one change of one machine, with its time. */
  publish(
    name: string,
    state: { readonly running: boolean; readonly strokes: number; readonly ts: number },
  ): Promise<void>;
  truth(): Account;
}

const FIRST_STROKES = 1000;
const COUNTER = 'counter: { wraps: never, max_rate: 1000/s }';

export async function mqttPlant(seed: number): Promise<MqttPlant> {
  const random = seededRandom(seed);
  const broker = await startMosquitto();
  onTestFinished(broker.close);
  const client = await connectAsync(broker.url);
  onTestFinished(() => client.endAsync(true));
  const stories = new Map<string, string[]>(STATIONS.map(({ name }) => [name, []]));
  const strokes = new Map<string, number>(STATIONS.map(({ name }) => [name, FIRST_STROKES]));

  const publish: MqttPlant['publish'] = async (name, state) => {
    await client.publishAsync(`plant/${name}`, JSON.stringify(state), { qos: 1 });
  };
  const pause = (least: number, most: number) =>
    new Promise(resolve => setTimeout(resolve, Math.round(between(random, least, most))));

  async function shift(name: string, isOver: () => boolean): Promise<void> {
    const story = stories.get(name) ?? [];
    const published: Promise<void>[] = [];
    const show = (running: boolean) => {
      const ts = Date.now();
      published.push(publish(name, { running, strokes: strokes.get(name) ?? 0, ts }));
      return timeOfDay(ts);
    };
    while (!isOver()) {
      for (let count = Math.round(between(random, 2, 8)); count > 0; count -= 1) {
        await pause(40, 200);
        strokes.set(name, (strokes.get(name) ?? 0) + 1);
        show(true);
      }
      story.push(`open ${show(false)}`);
      await pause(500, 1000);
      story.push(`close ${show(true)}`);
    }
    await Promise.all(published);
  }

  async function playUntil(isOver: () => boolean): Promise<void> {
    await Promise.all(STATIONS.map(({ name }) => shift(name, isOver)));
  }

  return {
    broker,
    source: `
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: gateway_under_test
    signals:${STATIONS.map(({ name }) => {
      const field = (key: string) => `topic: plant/${name}, json: $.${key}, time: $.ts`;
      return `
      ${name}.running: { ${field('running')}, as: bool }
      ${name}.strokes: { ${field('strokes')}, as: integer, ${COUNTER} }`;
    }).join('')}`,
    rules: STATIONS.map(
      ({ name, machine, line }) => `
  ${name}_down:
    when: not ${name}.running
    on_delay: 200ms
    dispatch: { machine: ${machine}, type: DOWN, description: ${name} stands still }
  ${name}_cycles: { cycles: { machine: ${machine}, counter: ${name}.strokes, every: 1s } }
  ${name}_parts: { production: { line: ${line}, good: ${name}.strokes, product: P-100, every: 2s, lateness: 300ms } }`,
    ).join(''),
    async begin() {
      const ts = Date.now();
      await Promise.all(STATIONS.map(({ name }) => publish(name, { running: true, strokes: FIRST_STROKES, ts })));
    },
    async play(ms) {
      const until = Date.now() + ms;
      await playUntil(() => Date.now() >= until);
    },
    playUntil,
    publish,
    truth: () =>
      Object.fromEntries(
        STATIONS.map(({ name, machine }) => {
          const made = (strokes.get(name) ?? 0) - FIRST_STROKES;
          return [machine, { story: stories.get(name) ?? [], cycles: made, good: made }];
        }),
      ),
  };
}

/** The same, as L2L has it. */
export function accountOf(state: SandboxState): Account {
  return Object.fromEntries(
    STATIONS.map(({ machine, line }) => [
      machine,
      { story: dispatchStory(state, machine), cycles: cyclesOf(state, machine), good: partsOf(state, line).good },
    ]),
  );
}
