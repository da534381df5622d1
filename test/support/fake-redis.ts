import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A healthy Redis's answer to INFO, plus more lines. */
export function infoReply(...lines: readonly string[]): string {
  const text = ['redis_version:7.0.15', 'redis_mode:standalone', ...lines].join('\r\n');
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

/**
 * A TCP server that answers Redis commands. `reply` gives the bytes for a command's name (lower case); null: no answer. It reads whole
 * commands, also when they arrive in parts. Ends with the test.
 */
export async function startFakeRedis(
  reply: (command: string) => string | null,
): Promise<{ readonly url: string; readonly commands: () => number }> {
  const sockets = new Set<Socket>();
  let commands = 0;
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    let rest = '';
    socket.on('data', chunk => {
      rest += chunk.toString('latin1');
      for (let name = take(); name !== null; name = take()) {
        commands += 1;
        const answer = reply(name);
        if (answer !== null && socket.writable) socket.write(answer);
      }
    });
    /** Returns the name of the next command that has arrived completely. */
    function take(): string | null {
      const head = /^\*(\d+)\r\n/.exec(rest);
      if (!head) return null;
      let at = head[0].length;
      let name = '';
      for (let n = 0; n < Number(head[1]); n += 1) {
        const length = /^\$(\d+)\r\n/.exec(rest.slice(at));
        if (!length) return null;
        const start = at + length[0].length;
        at = start + Number(length[1]) + 2;
        if (rest.length < at) return null;
        if (n === 0) name = rest.slice(start, at - 2).toLowerCase();
      }
      rest = rest.slice(at);
      return name;
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, commands: () => commands };
}
