import type { Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { serverProblem } from './redis-words.ts';

export type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/** How long a refused command makes the worker wait, and the interval in which INFO is tried again (ms). */
const REST = 500;

/**
 * This connection becomes ready only when its server can serve the queue. On it, nobody repeats a refused command without a pause. Two
 * habits of BullMQ make this necessary: it asks for INFO once and never works again when that fails, and its worker repeats a refused
 * command at once, for ever [Q14].
 */
export class RedisConnection extends Redis {
  readonly #rests: boolean;

  /** `rests`: the caller gets a refusal only after a pause. BullMQ's worker needs that. */
  constructor(options: ConnectionOptions, rests: boolean) {
    super(options);
    this.#rests = rests;
    this.on('connect', () => gatherWrites(this.stream));
    const info = this.info.bind(this) as (...sections: readonly string[]) => Promise<unknown>;
    this.info = ((...args: readonly unknown[]) => {
      const last = args.at(-1);
      // INFO with a callback is ioredis' own check before `ready`. The answer decides whether the connection is used.
      if (typeof last === 'function') return this.#check(info, last as Callback);
      return this.#askUntilAnswered(() => info(...(args as readonly string[])));
    }) as Redis['info'];
  }

  /** BullMQ waits for jobs on a copy of the connection. */
  override duplicate(more?: Partial<ConnectionOptions>): Redis {
    return new RedisConnection({ ...this.options, ...more }, this.#rests);
  }

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const sent = super.sendCommand(...args);
    if (!this.#rests) return sent;
    const rested = (sent as Promise<unknown>).catch(rest);
    // ioredis itself sends the commands that waited for the connection, and drops this promise. The caller has the promise of its command.
    rested.catch(() => {});
    return rested;
  }

  async #check(info: () => Promise<unknown>, callback: Callback): Promise<void> {
    try {
      const text = await info();
      const problem = serverProblem(text);
      if (problem === null) callback(null, text);
      else callback(new Error(problem));
    } catch (cause) {
      // This word in the text makes ioredis accept a connection whose user may not run INFO.
      const error = cause as Error;
      callback(new Error(error.message.replace(/^NOPERM/, 'No permission:')));
    }
  }

  async #askUntilAnswered(ask: () => Promise<unknown>): Promise<unknown> {
    for (;;) {
      try {
        return await ask();
      } catch (cause) {
        if (this.status === 'end') throw cause;
        await wait(REST, undefined, { ref: false });
      }
    }
  }
}

type Callback = (error: Error | null, text?: unknown) => void;

/** Redis itself refused the command. NOSCRIPT is no refusal: it only asks for the script. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError' && !error.message.startsWith('NOSCRIPT');
}

async function rest(error: unknown): Promise<never> {
  if (isRefusal(error)) await wait(REST, undefined, { ref: false });
  throw error;
}

/**
 * Commands of one turn of the event loop leave in one write, because under load one commit frees many commands at once. With ioredis' own
 * pipelining, a command would wait until the batch before it is answered.
 */
function gatherWrites(socket: Writable): void {
  const write = socket.write.bind(socket);
  socket.write = ((...args: Parameters<typeof write>) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    return write(...args);
  }) as typeof socket.write;
}
