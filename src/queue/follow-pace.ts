/** Spreads the follow-ups of accepted calls, so that look-ups and sends have room. */
export interface FollowPace {
  /** 0: this call may be followed up now. Else when it may be (ms since 1970). It has that time for itself. */
  slotFor(call: number, now: number): number;
}

/** Each follow-up reads a few times. So their number is a sixth of the rate. */
const SHARE = 6;
/** So many may come at once. */
const BURST = 3;
/** A job may run a little before its time (ms). */
const EARLY = 50;

/** `rate`: calls per millisecond; null: no limit. */
export function createFollowPace(rate: number | null): FollowPace {
  const gap = rate === null ? 0 : SHARE / rate;
  const slots = new Map<number, number>();
  /** The end of the last slot. */
  let taken = 0;
  return {
    slotFor(call, now) {
      const slot = slots.get(call);
      if (slot !== undefined && slot > now + EARLY) return slot;
      slots.delete(call);
      if (slot !== undefined) return 0;
      const own = taken - (BURST - 1) * gap;
      taken = Math.max(now, taken) + gap;
      if (own <= now + EARLY) return 0;
      slots.set(call, own);
      return own;
    },
  };
}
