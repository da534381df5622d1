import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { StartError } from '../core/errors.ts';
import { freePort } from './free-port.ts';

export interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

export type MosquittoOptions = {
  /** Where its settings file goes, and whatever the settings name. */
  readonly folder: string;
  readonly port: number;
  /** Lines of mosquitto.conf beyond where it listens. */
  readonly settings: readonly string[];
  readonly command?: string;
};

/** One life of a mosquitto. */
export interface MosquittoProcess {
  /** It dies at once, as in a power cut. Resolves when it is gone. */
  kill(): Promise<void>;
  /** It ends in good order, with its sessions saved. Resolves when it is gone. */
  shutDown(): Promise<void>;
}

const READY_WITHIN = 10_000;

/**
 * Ends mosquitto when stdin closes, which it does when the starter ends, whatever ended it; and ends itself when mosquitto does.
 * Both live in a process group of their own, so the number 0, "my own group", names nobody else.
 */
const WRAPPER = '( "$@" </dev/null; kill -KILL 0 ) & read -r _; kill -KILL 0';

/** A broker of the demo's own on a free port of this host. Throws a StartError that says what to install. */
export async function startMosquitto(command = 'mosquitto'): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), 'l2l-demo-broker-'));
  const port = await freePort();
  const settings = [
    'allow_anonymous true',
    'persistence false',
    // The default keeps the last 1000 messages of a client that is away, and drops the oldest.
    'max_queued_messages 100000',
    'max_inflight_messages 1000',
  ];
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const mosquitto = await runMosquitto({ folder, port, settings, command });
    const stop = async () => {
      await mosquitto.kill();
      await remove();
    };
    return { url: `mqtt://127.0.0.1:${port}`, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Resolves when it listens. Throws a StartError that says what to install, or has the output of mosquitto. */
export async function runMosquitto(options: MosquittoOptions): Promise<MosquittoProcess> {
  const { folder, port, command = 'mosquitto' } = options;
  const settings = [
    `listener ${port} 127.0.0.1`,
    'log_dest stderr',
    // Started as root it would become a user who may not read this folder.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    ...options.settings,
  ];
  const file = join(folder, 'mosquitto.conf');
  await writeFile(file, `${settings.join('\n')}\n`);
  const child = spawn('/bin/sh', ['-c', WRAPPER, 'broker-wrapper', command, '-c', file], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    // Debian puts it where an ordinary user's PATH does not lead.
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` },
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2000);
  });
  // The pipe breaks when mosquitto ends first; its end says the same.
  child.stdin.on('error', () => {});
  // mosquitto holds stderr until it is gone, also when the wrapper ended before it.
  const gone = once(child, 'close');
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const kill = async () => {
    child.stdin.end();
    await gone;
  };

  const deadline = performance.now() + READY_WITHIN;
  while (!(await answers(port))) {
    if (isRunning() && performance.now() < deadline) {
      await wait(20);
      continue;
    }
    await kill();
    throw new StartError(
      output.includes('not found')
        ? `${command} was not found; the demo needs it as its MQTT broker. An administrator has to run: apt install mosquitto`
        : `the MQTT broker did not start: ${output.trim() || 'it wrote no error'}`,
    );
  }
  return {
    kill,
    async shutDown() {
      if (child.pid !== undefined && isRunning()) process.kill(-child.pid, 'SIGTERM');
      await gone;
    },
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Not yet.
    return false;
  } finally {
    socket.destroy();
  }
}
