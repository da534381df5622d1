import { type Clock, sleep } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Sample } from '../../core/sample.ts';
import type { SourceSink } from '../adapter.ts';
import { decodeRead } from './decode.ts';
import { exceptionClass, exceptionWords } from './exception.ts';
import type { Answer, Link } from './link.ts';
import type { Read } from './plan.ts';
import type { Point } from './point.ts';
import { afterFailure, HEALTHY, isDemoted, type UnitHealth } from './unit-health.ts';

const BUSY_RETRIES = 3;
const BUSY_WAIT = 200;

export type PollerOptions = {
  readonly source: string;
  /** `host:port`, for messages. */
  readonly address: string;
  /** The pause between two requests (ms). */
  readonly pause: number;
  /** The most registers of one request. */
  readonly mostRegisters: number;
  readonly points: readonly Point[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly link: Link;
  readonly sink: SourceSink;
};

/** The units behind one connection. It sends the reads, delivers their answers, and skips a silent unit for a while. */
export interface Units {
  mayAsk(unit: number): boolean;
  ask(read: Read): Promise<Answer>;
  /** Sends a read and delivers the answer. True: the device refuses this read as not existing. Throws when no unit answers any more. */
  isRefused(read: Read, answer: Answer): boolean;
  /** Reports that these points can't be read. */
  bad(points: readonly Point[], reason: string): void;
}

export function createUnits(options: PollerOptions): Units {
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
      log.warn({ source, unit: read.unit, reason }, 'Modbus unit does not answer; it is asked less often from now on');
    bad(
      options.points.filter(point => point.unit === read.unit),
      reason,
    );
    // A half-open connection looks the same. Only a new connection shows the difference.
    if ([...units.values()].every(isDemoted)) throw new Error(`nothing behind ${options.address} answers: ${reason}`);
  }

  async function ask(read: Read): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      if (options.pause > 0) await sleep(clock, options.pause, link.lost);
      const answer = await link.read(read);
      link.lost.throwIfAborted();
      const busy = answer.kind === 'exception' && exceptionClass(answer.code) === 'busy';
      if (busy && attempt <= BUSY_RETRIES) await sleep(clock, BUSY_WAIT, link.lost);
      // One lost answer is no failure yet, unless the unit was silent before.
      else if (answer.kind !== 'silent' || attempt > 1 || health(read.unit).failures > 0) return answer;
    }
  }

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

  return { mayAsk, ask, isRefused, bad };
}
