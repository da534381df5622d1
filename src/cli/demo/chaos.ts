import { type Clock, sleep } from '../../core/clock.ts';
import { between, type Random, seededRandom } from '../../simulation/random.ts';
import type { FaultInput } from '../../simulation/sandbox/faults.ts';

/** What chaos may do to the demo. */
export type ChaosHands = {
  /** Ends the gateway as a power cut would and starts it again after `pause` ms; resolves when it reads its sources again. */
  readonly cutGateway: (pause: number) => Promise<void>;
  /** Ends the gateway's Redis, which loses all it held. */
  readonly killRedis: () => void;
  /** Takes the place of the faults in force; resolves when L2L has them. */
  readonly breakL2l: (faults: readonly FaultInput[]) => Promise<void>;
  readonly say: (subject: string, text: string) => void;
};

/** Ways in which L2L fails for a while. None refuses for good: a refusal is a dead letter, and rightly so. */
const FAULTS: readonly (readonly [string, FaultInput])[] = [
  ['resets connections before it applied the call', { kind: 'reset', when: 'before', probability: 0.6 }],
  ['resets connections after it applied the call', { kind: 'reset', when: 'after', probability: 0.6 }],
  ['answers 500 before it applied the call', { kind: 'status', status: 500, when: 'before', probability: 0.6 }],
  ['answers 502 after it applied the call', { kind: 'status', status: 502, when: 'after', probability: 0.6 }],
  ['answers 429 with Retry-After', { kind: 'status', status: 429, retryAfter: 1, probability: 0.6 }],
  ['answers 429 without Retry-After', { kind: 'status', status: 429, probability: 0.6 }],
  ['answers a sign-in page after it applied the call', { kind: 'html', when: 'after', probability: 0.6 }],
  ['is slow', { kind: 'slow', ms: 700 }],
  ['hangs, then applies the call that was given up', { kind: 'hang', ms: 2500, probability: 0.5 }],
  ['is away', { kind: 'away', ms: 2500 }],
];

const QUIET = { least: 1000, most: 2500 };
const FAULT_LASTS = { least: 2000, most: 4000 };
const LONGEST_CUT = 1500;

/**
 * Breaks one thing after the other until the signal aborts, then leaves everything whole. The order is drawn from a bag, so
 * that every kind of trouble comes up before one comes twice.
 */
export async function makeChaos(hands: ChaosHands, clock: Clock, seed: number, signal: AbortSignal): Promise<void> {
  const random = seededRandom(seed);
  const { say } = hands;
  let troubles: (() => Promise<void>)[] = [];
  let faults: (readonly [string, FaultInput])[] = [];

  const breakL2l = async () => {
    if (faults.length === 0) faults = shuffled(FAULTS, random);
    const [words, fault] = faults.pop() ?? ['', { kind: 'slow', ms: 1 } as const];
    say('L2L', words);
    await hands.breakL2l([fault]);
    await sleep(clock, between(random, FAULT_LASTS.least, FAULT_LASTS.most), signal);
    // While it is away nobody can be reached; it comes back by itself.
    await hands.breakL2l([]);
    say('L2L', 'is itself again');
  };
  const cutGateway = async () => {
    say('gateway', 'killed (SIGKILL)');
    await hands.cutGateway(between(random, 0, LONGEST_CUT));
    say('gateway', 'reads its sources again');
  };
  const killRedis = async () => {
    say('redis', 'killed (SIGKILL); all it held is gone');
    hands.killRedis();
  };

  try {
    for (;;) {
      await sleep(clock, between(random, QUIET.least, QUIET.most), signal);
      if (troubles.length === 0) troubles = shuffled([cutGateway, killRedis, breakL2l, breakL2l], random);
      await troubles.pop()?.();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await hands.breakL2l([]);
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map(item => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
