/** A seeded source of chance in [0, 1): the same seed gives the same numbers. */
export type Random = () => number;

/** Mulberry32: small, fast, good enough to play a machine or to break a connection; never for anything secret. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Any number from `least` up to `most`. */
export function between(random: Random, least: number, most: number): number {
  return least + (most - least) * random();
}
