import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Below these nobody listens by chance, and above them the system hands ports out. */
const LOWEST = 10_000;
const HIGHEST = 32_000;
let next = LOWEST + (process.pid % 1000) * 20;

/**
 * A port for a server that is started later, or again on the same one. The system gives it to nobody meanwhile, as it does with a
 * port it chose itself: it is none of those it hands out. Nor does another test: until this process ends, it holds the port's name.
 */
export async function reservedPort(): Promise<number> {
  const highest = Math.min(HIGHEST, firstHandedOut() - 1);
  for (let tries = LOWEST; tries < highest; tries += 1) {
    const port = next;
    next = next < highest ? next + 1 : LOWEST;
    // A name in no folder, gone with its process.
    if ((await listens(`\0l2l-test-port-${port}`)) && (await isFree(port))) return port;
  }
  throw new Error(`no port between ${LOWEST} and ${highest} is free`);
}

function firstHandedOut(): number {
  const [first] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/);
  return Number(first);
}

async function listens(path: string): Promise<boolean> {
  const server = createServer().listen(path);
  try {
    await once(server, 'listening');
  } catch {
    return false; // Another test has it.
  }
  server.unref();
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch {
    return false; // Some program of this machine listens there.
  }
  server.close();
  await once(server, 'close');
  return true;
}
