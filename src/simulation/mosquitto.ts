import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { StartError } from '../core/errors.ts';

export interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

const READY_WITHIN = 10_000;

/**
 * Ends mosquitto when stdin closes, which it does when the starter ends, whatever ended it; and ends itself when mosquitto does.
 * Both live in a process group of their own, so the number 0, "my own group", names nobody else.
 */
const WRAPPER = '( "$@" </dev/null; kill -KILL 0 ) & read -r _; kill -KILL 0';

/** A broker of the demo's own on a free port of this machine. Throws a StartError that says what to install. */
export async function startMosquitto(command = 'mosquitto'): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), 'l2l-demo-broker-'));
  const port = await freePort();
  const settings = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'log_dest stderr',
    // The default keeps the last 1000 messages of a client that is away, and drops the oldest.
    'max_queued_messages 100000',
    'max_inflight_messages 1000',
    // Started as root it would become a user who may not read this folder.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  const file = join(folder, 'mosquitto.conf');
  await writeFile(file, `${settings.join('\n')}\n`);
  const child = spawn('/bin/sh', ['-c', WRAPPER, 'broker-wrapper', command, '-c', file], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    // Debian puts it where an ordinary user's PATH does not lead.
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  // The pipe breaks when mosquitto ends first; the exit tells the same.
  child.stdin.on('error', () => {});
  const ended = once(child, 'exit');
  const stop = async () => {
    child.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };

  const deadline = performance.now() + READY_WITHIN;
  while (!(await answers(port))) {
    if (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
      await wait(20);
      continue;
    }
    await stop();
    throw new StartError(
      said.includes('not found')
        ? `${command} was not found; the demo needs it as its MQTT broker. An administrator has to run: apt install mosquitto`
        : `the MQTT broker did not start: ${said.trim() || 'it said nothing'}`,
    );
  }
  return { url: `mqtt://127.0.0.1:${port}`, stop };
}

/** mosquitto can't be told to take any port, so it is told one that was free a moment ago. */
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
    // Not yet.
    return false;
  } finally {
    socket.destroy();
  }
}
