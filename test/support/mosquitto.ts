import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  /** The broker dies at once, as in a power cut. */
  kill(): Promise<void>;
  /** The broker ends in good order and keeps its sessions. */
  shutDown(): Promise<void>;
  /** Starts it again on the same port with the same folder. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export type MosquittoOptions = {
  /** Lines for mosquitto.conf, such as `max_inflight_messages 1000`. */
  readonly config?: readonly string[];
  /** Further files in its folder; `$DIR` in the config stands for the folder. */
  readonly files?: Readonly<Record<string, string>>;
};

const INSTALL = 'mosquitto is needed for this test and not installed; install it with: sudo apt-get install mosquitto';
const START_MS = 10_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // not yet
  } finally {
    socket.destroy();
  }
}

/** A real broker on a port the system gave, with a folder of its own. */
export async function startMosquitto({ config = [], files = {} }: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), 'mosquitto-'));
  const port = await freePort();
  const lines = [
    `listener ${port} 127.0.0.1`,
    ...(config.some(line => line.startsWith('allow_anonymous')) ? [] : ['allow_anonymous true']),
    'persistence true',
    `persistence_location ${folder}/`,
    'log_dest stderr',
    // Started as root it would change to a user who may not read this folder.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    ...config.map(line => line.replaceAll('$DIR', folder)),
  ];
  await writeFile(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });

  let child: ChildProcess | undefined;
  const endWithUs = () => child?.kill('SIGKILL');
  process.on('exit', endWithUs);

  async function start(): Promise<void> {
    const started = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` },
    });
    let said = '';
    let failed: Error | undefined;
    started.stderr.on('data', bytes => {
      said = `${said}${bytes}`.slice(-4000);
    });
    started.on('error', error => {
      failed = 'code' in error && error.code === 'ENOENT' ? new Error(INSTALL) : error;
    });
    child = started;
    const deadline = performance.now() + START_MS;
    while (!(await answers(port))) {
      if (failed) throw failed;
      if (started.exitCode !== null || performance.now() > deadline)
        throw new Error(`mosquitto did not start:\n${said}`);
      await wait(10);
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending?.pid || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, 'exit');
    ending.kill(signal);
    await exited;
  }

  await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    kill: () => end('SIGKILL'),
    shutDown: () => end('SIGTERM'),
    start,
    async close() {
      await end('SIGKILL');
      process.off('exit', endWithUs);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
