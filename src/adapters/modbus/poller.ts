import { isShort } from './decode.ts';
import { exceptionClass, exceptionWords } from './exception.ts';
import type { Answer } from './link.ts';
import { planReads, type Read, singleRead } from './plan.ts';
import type { Point } from './point.ts';
import type { PollerOptions, Units } from './units.ts';

const DEVICE_FAILURE = 4;
/** How often a signal is read again after the device refused it as not existing (ms). */
const REFUSED_RETRY = 60_000;

/** Sends the reads of one poll rate once, one after the other. Rejects when the connection is lost or no unit answers any more. */
export type Poll = () => Promise<void>;

/** Polls one rate. A read that the device refuses is split, and refused signals are read again from time to time. */
export function createPoll(options: PollerOptions, units: Units, reads: readonly Read[]): Poll {
  const { source, clock, log } = options;
  const { mayAsk, ask, isRefused, bad } = units;
  let plan = reads;
  /** When a failed read may be split again (ms since 1970). */
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

  /** Reads the points one by one to find the refused ones. The others are read without gaps from then on. */
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

  /** Splits a read when its first point alone is answered. Undefined: the unit does not answer that either. */
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
      `Modbus unit answers one signal, but not ${length} at once; its signals are now read one by one and without gaps. If the device takes only few at once, write max_registers; if it has no registers between them, write max_gap: { registers: 0, bits: 0 }`,
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
}

/** Whether a read of several points failed as devices refuse a read that is too wide or has a gap. */
function mayBeTooWide(read: Read, answer: Answer): boolean {
  if (read.points.length < 2) return false;
  if (answer.kind === 'exception') return answer.code === DEVICE_FAILURE;
  return answer.kind === 'silent' || isShort(read, answer.data);
}
