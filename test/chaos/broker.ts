import type { Adapter, SourceSink } from '../../src/adapters/adapter.ts';
import { createAcknowledgements } from '../../src/adapters/mqtt/acknowledgements.ts';
import { type CatchUp, catchUp } from '../../src/adapters/mqtt/catch-up.ts';
import { believed } from '../../src/adapters/mqtt/payload-time.ts';
import type { Clock } from '../../src/core/clock.ts';
import { between, type Random } from '../../src/simulation/random.ts';
import type { Notes } from './notes.ts';
import type { LifeTime } from './process-time.ts';
import { type MachineStory, type Moment, samplesOf } from './story.ts';

type Message = { readonly story: MachineStory; readonly moment: Moment; packetId: number; sent: boolean };

/**
 * A broker that keeps the gateway's session. Every change of a machine is one message, and the message is sent until it is acknowledged.
 */
export interface Broker {
  begin(): void;
  /** The broker as one life of the gateway reaches it. */
  adapter(life: LifeTime, isTaken: IsTaken): Adapter;
  /** Ends the connection, because the process or the network below it is gone. */
  cut(): void;
  /** Interrupts the network for `ms`; the gateway notices. */
  lose(ms: number): void;
  /** Messages whose own time was too far from the gateway's clock, so they got the time of their receipt. */
  readonly undated: readonly Undated[];
  /** Messages whose own time was used, after a message of the same machine whose time was not used. */
  readonly datedAfter: readonly DatedAfter[];
  /** How many messages are not acknowledged yet. */
  readonly left: number;
}

/** A message that was made at `at` and got the time of its receipt (true times, ms since 1970). */
export type Undated = {
  readonly machine: string;
  readonly at: number;
  readonly heardAt: number;
  /** The message's own time was used, but the time of a rule was already at this later time (by the gateway's clock) and held it back. */
  readonly shown?: number;
};

/**
 * A message that was made at `at` and received at `heardAt`. It came after a message that got its time of receipt, `stampedAt` (true
 * times).
 */
export type DatedAfter = Undated & { readonly stampedAt: number };

/** Whether the journal on the disk has this message. */
export type IsTaken = (packetId: number, hash: string) => boolean;

type Connection = {
  readonly life: LifeTime;
  readonly hear: (message: Message, isDuplicate: boolean, isRetained: boolean) => void;
  readonly lost: () => void;
  /** The gateway takes no more messages. The ones that it took may still be acknowledged. */
  readonly close: () => void;
  open: boolean;
  /** The gateway knows whether its session was kept. No message comes before that. */
  greeted: boolean;
  /** The messages on the way, which the gateway will read at once. */
  wire: (() => void)[];
};

const MOST_IN_FLIGHT = 20;
/** The defaults of a source in the config (ms). */
export const MAX_SKEW = 5 * 60_000;
const SESSION_EXPIRY = 24 * 3_600_000;
/** So few ids that they are soon used again. */
const PACKET_IDS = 50;

export function createBroker(options: {
  readonly world: Clock;
  readonly name: string;
  readonly stories: readonly MachineStory[];
  readonly random: Random;
  readonly notes: Notes;
}): Broker {
  const { world, name, stories, random, notes } = options;
  const queue: Message[] = [];
  let inFlight: Message[] = [];
  const retained = new Map<MachineStory, Moment>();
  const undated: Undated[] = [];
  const datedAfter: DatedAfter[] = [];
  const stamped = new Map<string, number>();
  let present = false;
  let connection: Connection | null = null;
  let nextId = 0;
  let downUntil = 0;

  function freeId(): number {
    do nextId = (nextId % PACKET_IDS) + 1;
    while (inFlight.some(message => message.packetId === nextId));
    return nextId;
  }

  function deliver(to: Connection, message: Message, isRetained = false): void {
    const isDuplicate = message.sent;
    message.sent = true;
    to.wire.push(() => to.open && to.hear(message, isDuplicate, isRetained));
    if (to.wire.length > 1) return;
    world.at(world.now() + Math.round(between(random, 1, 40)), () => {
      const arrived = to.wire;
      to.wire = [];
      to.life.input(() => {
        for (const hear of arrived) hear();
      });
    });
  }

  function fill(): void {
    while (connection?.greeted && inFlight.length < MOST_IN_FLIGHT) {
      const message = queue.shift();
      if (!message) return;
      message.packetId = freeId();
      inFlight.push(message);
      deliver(connection, message);
    }
  }

  function publish(story: MachineStory, moment: Moment): void {
    retained.set(story, moment);
    if (!present) return;
    queue.push({ story, moment, packetId: 0, sent: false });
    fill();
  }

  function acknowledged(from: Connection, packetId: number): void {
    if (connection !== from) return;
    inFlight = inFlight.filter(message => message.packetId !== packetId);
    fill();
  }

  function drop(): void {
    if (connection) connection.open = false;
    connection = null;
  }

  return {
    undated,
    datedAfter,
    get left() {
      return queue.length + inFlight.length;
    },
    begin() {
      for (const story of stories) {
        let next = 0;
        const step = () => {
          const moment = story.moments[next++];
          if (moment) publish(story, moment);
          const following = story.moments[next];
          if (following) world.at(following.at, step);
        };
        step();
      }
    },
    cut: drop,
    lose(ms) {
      downUntil = Math.max(downUntil, world.now() + ms);
      const lost = connection;
      drop();
      if (lost) world.at(world.now() + 10, () => lost.life.input(lost.lost));
    },
    adapter(life, isTaken) {
      /** When the last message that was not queued was committed, over all connections of this life. */
      let lastCommit: number | undefined;
      let ahead = 0;

      /** The MQTT adapter does the same. */
      function isBelieved(at: number, receivedAt: number, isQueued: boolean, committed: number | undefined): boolean {
        const facts = { receivedAt, maxSkew: MAX_SKEW, queued: isQueued, sessionExpiry: SESSION_EXPIRY };
        const { from, to } = believed({ ...facts, lastCommit: committed });
        return at >= from && at <= to;
      }

      function connect(sink: SourceSink, onLost: (error: Error) => void): Connection {
        const committedBefore = lastCommit;
        let queued: CatchUp | undefined;
        const acknowledgements = createAcknowledgements(bytes => {
          const ids = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt16BE(4 * at + 2));
          const reached = world.now() + Math.round(between(random, 1, 30));
          for (const id of ids) world.at(reached, () => acknowledged(mine, id));
        });

        const hear = ({ story, moment, packetId }: Message, duplicate: boolean, isRetained: boolean) => {
          const counted = queued?.message(true);
          const acknowledge = acknowledgements.hold(packetId);
          const receivedAt = life.now();
          const { at } = moment;
          const isQueued = () => queued?.reading === true && !isRetained;
          // A machine that has not begun yet shows its values from long ago.
          const dated = !isRetained && isBelieved(at, receivedAt, isQueued(), committedBefore);
          const { machine } = story.spec;
          const heardAt = world.now();
          if (dated) {
            const stampedAt = stamped.get(machine);
            if (stampedAt !== undefined) datedAfter.push({ machine, at, heardAt, stampedAt });
            ahead = Math.max(ahead, at - receivedAt);
            queued?.made(at, receivedAt, ahead);
          } else if (!isRetained) {
            undated.push({ machine, at, heardAt });
            stamped.set(machine, heardAt);
          }
          const wasQueued = isQueued();
          const hash = `${story.spec.name} ${moment.at} ${moment.strokes} ${moment.running}`;
          sink.samples({
            at: dated ? at : receivedAt,
            receivedAt,
            time: dated ? 'source' : 'received',
            samples: samplesOf(story, moment, dated ? at : undefined),
            ...(isRetained && { retained: true }),
            receipt: {
              packetId,
              hash,
              // The adapter does the same: these messages have a time, so two identical messages are the same event.
              duplicate: duplicate || wasQueued,
              committed() {
                notes.moment('acknowledge');
                if (life.dead) return;
                if (!isTaken(packetId, hash))
                  notes.problem(`${name} message ${packetId} is acknowledged before its commit`);
                if (!wasQueued) lastCommit = receivedAt;
                acknowledge();
                counted?.();
              },
            },
          });
        };

        function greet(): void {
          if (!mine.open) return;
          mine.greeted = true;
          sink.session(present);
          if (present) sink.catchingUp();
          const release = () => {
            if (!queued?.holding && mine.open) sink.connected();
          };
          queued = catchUp({ clock: life, behind: present, release, hold: () => sink.catchingUp() });
          if (present) {
            for (const message of inFlight) deliver(mine, message);
            fill();
            return;
          }
          present = true;
          release();
          for (const [story, moment] of retained) {
            const message = { story, moment, packetId: freeId(), sent: false };
            inFlight.push(message);
            deliver(mine, message, true);
          }
        }

        const mine: Connection = {
          life,
          open: true,
          greeted: false,
          wire: [],
          hear,
          lost() {
            mine.close();
            acknowledgements.drop();
            onLost(new Error('the connection ended'));
          },
          close() {
            mine.open = false;
            queued?.[Symbol.dispose]();
          },
        };
        connection = mine;
        life.at(life.now() + 20, greet);
        return mine;
      }

      return {
        run(sink, signal) {
          const { promise, resolve, reject } = Promise.withResolvers<void>();
          let mine: Connection | undefined;
          life.at(life.now() + 50, () => {
            if (signal.aborted) return;
            if (world.now() < downUntil) reject(new Error('the broker does not answer'));
            else mine = connect(sink, reject);
          });
          const onAbort = () => {
            mine?.close();
            drop();
            resolve();
          };
          signal.addEventListener('abort', onAbort, { once: true });
          return promise;
        },
      };
    },
  };
}
