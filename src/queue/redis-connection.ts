import type { Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { serverProblem } from './redis-words.ts';

export type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/** How long a refused command of the worker keeps its caller waiting, and how often INFO is tried again (ms). */
const REST = 500;

/**
 * A connection that is ready only when its server can serve the queue, and on which nobody can repeat a refused command without
 * a pause. BullMQ asks for INFO once and never works again when that fails, and its worker repeats what is refused at once: both
 * would keep the process busy for ever [Q14].
 */
export class RedisConnection extends Redis {
  readonly #rests: boolean;

  /** `rests`: a refusal is handed over after a pause, for BullMQ's worker. */
  constructor(options: ConnectionOptions, rests: boolean) {
    super(options);
    this.#rests = rests;
    this.on('connect', () => gatherWrites(this.stream));
    const info = this.info.bind(this) as (...sections: readonly string[]) => Promise<unknown>;
    this.info = ((...args: readonly unknown[]) => {
      const last = args.at(-1);
      // With a callback it is ioredis' own check before `ready`. What that learns decides whether the connection is used.
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
    // ioredis sends what waited for the connection by itself and drops this promise. Its caller listens to the command's own.
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
      // ioredis takes a connection whose user may not run INFO for a good one, by this word in the text.
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

/** An answer of Redis itself; NOSCRIPT only asks for the script to be sent along. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError' && !error.message.startsWith('NOSCRIPT');
}

async function rest(error: unknown): Promise<never> {
  if (isRefusal(error)) await wait(REST, undefined, { ref: false });
  throw error;
}

/**
 * What is sent in one turn of the event loop leaves in one write: under load a commit lets many commands go at once. ioredis' own
 * pipelining would let a command wait until the batch before it is answered.
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
