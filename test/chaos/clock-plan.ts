import { between, seededRandom } from '../../src/simulation/random.ts';
import type { Span } from './plan.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A change of the host's clocks at a moment. */
export type ClockBlow = { readonly at: number } & (
  | { readonly kind: 'clock'; readonly off: number }
  | { readonly kind: 'suspend'; readonly ms: number; readonly isCut: boolean }
  | { readonly kind: 'battery'; readonly dead: number; readonly off: number }
);

const TROUBLES = ['wrong', 'wrong', 'suspend', 'suspend', 'battery', 'battery', 'set_to_2000'] as const;
/** The time that a clock with an empty battery shows when the host starts. */
const LOST = [Date.UTC(2000, 0, 1), 0] as const;

/**
 * What a seed does to the clocks; half of the seeds do nothing. These draws are independent of all others of the seed. In the end the wall
 * clock is right.
 * @param maySet false: the clock is right all the time, and the host may only be suspended
 */
export function drawClockBlows(
  seed: number,
  { from, to }: Span,
  maySet: boolean,
): { firstOff: number; blows: ClockBlow[] } {
  const random = seededRandom(seed * 6007 + 29);
  const ms = (least: number, most: number) => Math.round(between(random, least, most));
  const span = (least: number, most: number) => Math.round(least * (most / least) ** random());
  const blows: ClockBlow[] = [];
  const right = (at: number) => blows.push({ at, kind: 'clock', off: 0 });
  const lost = (at: number) => (random() < 0.5 ? LOST[0] : LOST[1]) - at;

  if (random() < 0.5) return { firstOff: 0, blows };
  const isLostAtFirst = random() < 0.15 && maySet;
  const firstOff = isLostAtFirst ? lost(from) : 0;
  if (isLostAtFirst) right(from + span(2000, 20 * MINUTE));

  const count = 1 + Math.floor(random() * 3);
  for (let trouble = 0; trouble < count; trouble++) {
    const at = ms(from + MINUTE, to - MINUTE);
    const lasts = span(1000, HOUR);
    const dead = span(1000, HOUR);
    const drawn = TROUBLES[Math.floor(random() * TROUBLES.length)];
    switch (maySet ? drawn : 'suspend') {
      case 'wrong':
        blows.push({ at, kind: 'clock', off: (random() < 0.5 ? -1 : 1) * span(1500, 5 * HOUR) });
        right(at + lasts);
        break;
      case 'suspend':
        blows.push({ at, kind: 'suspend', ms: span(3000, 3 * HOUR), isCut: random() < 0.5 });
        break;
      case 'battery':
        blows.push({ at, kind: 'battery', dead, off: lost(at + dead) });
        right(at + dead + span(1000, 30 * MINUTE));
        break;
      default:
        blows.push({ at, kind: 'clock', off: lost(at) });
        right(at + lasts);
    }
  }
  return { firstOff, blows };
}

/** Whether a blow changes the clocks. */
export function isOfClock(kind: string): boolean {
  return ['clock', 'suspend', 'battery'].includes(kind);
}
