import { type Clock, sleep } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Sample } from '../../core/sample.ts';
import type { SourceSink } from '../adapter.ts';
import { decodeRead, isShort } from './decode.ts';
import { exceptionClass, exceptionWords } from './exception.ts';
import type { Answer, Link } from './link.ts';
import { planReads, type Read, singleRead } from './plan.ts';
import type { Point } from './point.ts';
import { afterFailure, HEALTHY, isDemoted, type UnitHealth } from './unit-health.ts';

const DEVICE_FAILURE = 4;
const BUSY_RETRIES = 3;
const BUSY_WAIT = 200;
/** How often a signal is tried again that the device refused as not existing (ms). */
const REFUSED_RETRY = 60_000;

export type PollerOptions = {
  readonly source: string;
  /** `host:port`, for messages. */
  readonly address: string;
  /** Between two requests (ms). */
  readonly pause: number;
  /** Most registers of one request. */
  readonly mostRegisters: number;
  readonly points: readonly Point[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly link: Link;
  readonly sink: SourceSink;
};

/** Asks the reads of one poll rate once, one after the other. Rejects when the connection is lost or no unit answers any more. */
export type Poll = () => Promise<void>;

/** What is known of the units and refused signals during one life of a connection, shared by all its poll rates. */
export function poller(options: PollerOptions): (reads: readonly Read[]) => Poll {
  const { source, clock, log, link, sink } = options;
  const units = new Map<number, UnitHealth>(options.points.map(point => [point.unit, HEALTHY]));
  let connected = false;

  const health = (unit: number) => units.get(unit) ?? HEALTHY;
  const mayAsk = (unit: number) => clock.now() >= (health(unit).askAgainAt ?? 0);

  function deliver(samples: readonly Sample[]): void {
    const now = clock.now();
    sink.samples({ at: now, receivedAt: now, time: 'received', samples });
  }

  function bad(points: readonly Point[], reason: string): void {
    deliver(points.map(({ signal }) => ({ signal, value: null, quality: 'bad', reason })));
  }

  function answered(unit: number): void {
    if (isDemoted(health(unit))) log.info({ source, unit }, 'Modbus unit answers again');
    units.set(unit, HEALTHY);
    if (!connected) sink.connected();
    connected = true;
  }

  function failed(read: Read, reason: string): void {
    const before = health(read.unit);
    const after = afterFailure(before, clock.now());
    units.set(read.unit, after);
    if (!isDemoted(after)) {
      bad(read.points, reason);
      return;
    }
    if (!isDemoted(before))
      log.warn({ source, unit: read.unit, reason }, 'Modbus unit does not answer; asked less often from now on');
    bad(
      options.points.filter(point => point.unit === read.unit),
      reason,
    );
    // A half-open connection looks just like this: only a new one can show it.
    if ([...units.values()].every(isDemoted)) throw new Error(`nothing behind ${options.address} answers: ${reason}`);
  }

  async function ask(read: Read): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      if (options.pause > 0) await sleep(clock, options.pause, link.lost);
      const answer = await link.read(read);
      link.lost.throwIfAborted();
      const busy = answer.kind === 'exception' && exceptionClass(answer.code) === 'busy';
      if (busy && attempt <= BUSY_RETRIES) await sleep(clock, BUSY_WAIT, link.lost);
      // One lost answer is no failure yet, unless the unit has been silent before.
      else if (answer.kind !== 'silent' || attempt > 1 || health(read.unit).failures > 0) return answer;
    }
  }

  /** Takes an answer for what it is; true when the device refuses this read as not existing. */
  function isRefused(read: Read, answer: Answer): boolean {
    if (answer.kind === 'silent') {
      failed(read, `unit ${read.unit} does not answer (${answer.why}): check its power, its number and the wiring`);
      return false;
    }
    if (answer.kind === 'data') {
      answered(read.unit);
      deliver(decodeRead(read, answer.data));
      return false;
    }
    const kind = exceptionClass(answer.code);
    if (kind === 'unit') {
      failed(read, exceptionWords(read, answer.code));
      return false;
    }
    answered(read.unit);
    if (kind === 'config') return true;
    bad(read.points, exceptionWords(read, answer.code));
    return false;
  }

  /** A read of several points that failed in a way in which a device refuses what is too wide, or a gap read along. */
  function mayBeTooWide(read: Read, answer: Answer): boolean {
    if (read.points.length < 2) return false;
    if (answer.kind === 'exception') return answer.code === DEVICE_FAILURE;
    return answer.kind === 'silent' || isShort(read, answer.data);
  }

  return reads => {
    let plan = reads;
    /** When a read that failed may be taken apart again (ms since 1970). */
    const splitAgainAt = new Map<Read, number>();
    const refused = new Map<Point, number>();

    function refuse(read: Read, answer: Answer): void {
      const reason = answer.kind === 'exception' ? exceptionWords(read, answer.code) : 'refused';
      for (const point of read.points) {
        if (!refused.has(point)) log.warn({ source, signal: point.signal, reason }, 'Modbus device refuses a signal');
        refused.set(point, clock.now() + REFUSED_RETRY);
      }
      bad(read.points, reason);
    }

    /** Reads the points one by one to find the refused ones; what is left is read without gaps from then on. */
    async function splitUp(read: Read): Promise<readonly Read[]> {
      const left: Point[] = [];
      for (const point of read.points) {
        const single = singleRead(point);
        const answer = mayAsk(read.unit) ? await ask(single) : undefined;
        if (answer && isRefused(single, answer)) refuse(single, answer);
        else left.push(point);
      }
      const again = planReads(left, { registers: 0, bits: 0 }, options.mostRegisters);
      const same = again.length === 1 && again[0]?.address === read.address && again[0].length === read.length;
      return same ? left.map(singleRead) : again;
    }

    /** Takes a read apart when its first point alone is answered. Undefined: the unit does not answer that either. */
    async function takeApart(read: Read): Promise<readonly Read[] | undefined> {
      const [first] = read.points;
      if (first === undefined || clock.now() < (splitAgainAt.get(read) ?? 0)) return undefined;
      splitAgainAt.set(read, clock.now() + REFUSED_RETRY);
      const single = singleRead(first);
      const answer = await ask(single);
      if (answer.kind === 'silent' || (answer.kind === 'exception' && exceptionClass(answer.code) === 'unit'))
        return undefined;
      const { unit, table, address, length } = read;
      log.warn(
        { source, unit, table, address, length },
        `Modbus unit answers one signal and not ${length} at once; its signals are read one by one and without gaps now. If the device takes few at once, write max_registers; if it has nothing between them, max_gap: { registers: 0, bits: 0 }`,
      );
      return splitUp(read);
    }

    async function retryRefused(): Promise<void> {
      for (const [point, dueAt] of refused) {
        if (dueAt > clock.now() || !mayAsk(point.unit)) continue;
        const single = singleRead(point);
        const answer = await ask(single);
        if (isRefused(single, answer)) {
          refuse(single, answer);
        } else {
          refused.delete(point);
          plan = [...plan, single];
        }
      }
    }

    return async () => {
      for (const read of plan) {
        if (!mayAsk(read.unit)) continue;
        const answer = await ask(read);
        const apart = mayBeTooWide(read, answer) ? await takeApart(read) : undefined;
        if (apart === undefined && !isRefused(read, answer)) continue;
        let instead: readonly Read[] = apart ?? [];
        if (apart === undefined && read.points.length > 1) instead = await splitUp(read);
        else if (apart === undefined) refuse(read, answer);
        plan = plan.flatMap(planned => (planned === read ? instead : [planned]));
      }
      await retryRefused();
    };
  };
}
