import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMosquitto } from '../../src/simulation/mosquitto.ts';
import { reservedPort } from './port.ts';

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  /** Ends the broker at once, as in a power cut. */
  kill(): Promise<void>;
  /** Ends the broker properly; it keeps its sessions. */
  shutDown(): Promise<void>;
  /** Starts it again on the same port with the same folder. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export type MosquittoOptions = {
  /** Lines for mosquitto.conf, such as `max_inflight_messages 1000`. */
  readonly config?: readonly string[];
  /** More files in its folder; `$DIR` in the config stands for the folder. */
  readonly files?: Readonly<Record<string, string>>;
};

/** A real broker on a port from the system, with its own folder. It can be killed and started again. */
export async function startMosquitto({ config = [], files = {} }: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), 'mosquitto-'));
  const port = await reservedPort();
  const settings = [
    ...(config.some(line => line.startsWith('allow_anonymous')) ? [] : ['allow_anonymous true']),
    'persistence true',
    `persistence_location ${folder}/`,
    ...config.map(line => line.replaceAll('$DIR', folder)),
  ];
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  let life = await runMosquitto({ folder, port, settings });
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    kill: () => life.kill(),
    shutDown: () => life.shutDown(),
    async start() {
      life = await runMosquitto({ folder, port, settings });
    },
    async close() {
      await life.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
