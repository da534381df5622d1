import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Below this, other programs may listen by chance. Above HIGHEST the system gives ports away. */
const LOWEST = 10_000;
const HIGHEST = 32_000;
let next = LOWEST + (process.pid % 1000) * 20;

/**
 * Reserves a port for a server that starts later, or starts again on the same port. The port is outside the range that the system gives
 * away by itself. No other test takes it either: this process holds a socket name for the port until it ends.
 */
export async function reservedPort(): Promise<number> {
  const highest = Math.min(HIGHEST, firstHandedOut() - 1);
  for (let tries = LOWEST; tries < highest; tries += 1) {
    const port = next;
    next = next < highest ? next + 1 : LOWEST;
    // An abstract socket name: it is in no folder, and it goes with its process.
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
    return false; // Another test has this port.
  }
  server.unref();
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch {
    return false; // Another program of this host listens there.
  }
  server.close();
  await once(server, 'close');
  return true;
}
