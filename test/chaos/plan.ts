import { between, seededRandom } from '../../src/simulation/random.ts';
import type { Manners } from '../../src/simulation/sandbox/manners.ts';
import { type ClockBlow, drawClockBlows } from './clock-plan.ts';
import type { DiskFault } from './disk.ts';
import { REFUSAL } from './l2l.ts';
import { L2L_FAULTS, type L2lFault, type L2lWindow } from './l2l-faults.ts';
import { drawManners, type MannerPlan, mannerWords } from './manner-plan.ts';
import { MOMENTS, type Moment } from './notes.ts';
import { REDIS_FAULTS, type RedisFault } from './redis.ts';
import { drawCycleRule, drawDispatchRules, SINGLE_TYPES } from './rules.ts';
import { type MachineSpec, type MachineStory, makeStory } from './story.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** When a run begins (ms since 1970): a Monday in winter, or shortly before the site's clocks are changed. */
const STARTS = {
  winter: Date.UTC(2026, 0, 12, 8, 0, 0),
  spring: Date.UTC(2026, 2, 8, 8, 20, 0),
  autumn: Date.UTC(2026, 10, 1, 6, 40, 0),
} as const;
export type Night = keyof typeof STARTS;

export type Span = { readonly from: number; readonly to: number };

/** Something that is done to the gateway or its surroundings at a moment. */
export type Blow =
  | ClockBlow
  | ({ readonly at: number } & (
      | { readonly kind: 'crash'; readonly moment: Moment; readonly count: number; readonly dead: number }
      | { readonly kind: 'stop'; readonly dead: number }
      | { readonly kind: 'freeze'; readonly ms: number }
      | { readonly kind: 'redis'; readonly fault: RedisFault; readonly ms: number }
      | { readonly kind: 'broker'; readonly ms: number }
      | { readonly kind: 'person'; readonly deed: PersonDeed }
    ));

export const PERSON_DEEDS = ['close', 'complete', 'delete', 'change_type', 'rewrite', 'open', 'open'] as const;
export type PersonDeed = (typeof PERSON_DEEDS)[number];

/** All that a seed decides. The same seed makes the same plan, and the same plan the same run. */
export type Plan = {
  readonly seed: number;
  readonly night: Night;
  readonly start: number;
  readonly stories: readonly MachineStory[];
  readonly end: number;
  /** How far the wall clock is off when the gateway starts for the first time (ms). */
  readonly firstOff: number;
  readonly blows: readonly Blow[];
  readonly l2l: readonly L2lWindow[];
  readonly background: number;
  readonly disk: readonly (Span & { readonly fault: DiskFault; readonly share: number })[];
  readonly plcDown: readonly Span[];
  /** What L2L answers to an open that it was asked to refuse a second time, when one is open. */
  readonly duplicate: Manners['duplicate'];
  /** How L2L answers besides, and what the user of the key may not read for a while. */
  readonly answers: MannerPlan;
  /** Chance that a person corrects a machine's count while nobody knows whether an increment arrived. */
  readonly corrects: number;
  readonly rate: string;
  readonly every: number;
  readonly poll: number;
  readonly freezeLimit: number;
  readonly batchDelay: number;
  readonly transient: readonly string[];
  /** Machines of which a gateway whose journal is lost left a dispatch open. */
  readonly former: readonly string[];
  /** From then on the first open of this machine that leaves is what ends the gateway, each time, until it is not sent any more. */
  readonly deadly: { readonly machine: string; readonly from: number } | null;
};

const MACHINES: readonly Pick<MachineSpec, 'name' | 'machine' | 'line' | 'via'>[] = [
  { name: 'robot1', machine: 'ROBOT-01', line: 'LINE-3', via: 'broker' },
  { name: 'robot2', machine: 'ROBOT-02', line: null, via: 'broker' },
  { name: 'press1', machine: 'PRESS-01', line: 'LINE-1', via: 'poller' },
  { name: 'press2', machine: 'PRESS-02', line: 'LINE-2', via: 'poller' },
];

export function makePlan(seed: number): Plan {
  const random = seededRandom(seed * 7919 + 17);
  const chance = (share: number) => random() < share;
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  const ms = (least: number, most: number) => Math.round(between(random, least, most));
  /** Short ones often, long ones sometimes. */
  const span = (least: number, most: number) => Math.round(least * (most / least) ** random());

  const night: Night = chance(0.1) ? 'autumn' : chance(0.05) ? 'spring' : 'winter';
  const start = STARTS[night];
  const begin = start + 2 * MINUTE;
  const length = chance(0.15) ? ms(2.5 * HOUR, 4 * HOUR) : ms(0.8 * HOUR, 1.6 * HOUR);
  const end = begin + length;
  const anywhere = () => ms(begin + MINUTE, end);
  const times = (most: number, share: number) => (chance(share) ? 1 + Math.floor(random() * most) : 0);
  const list = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

  const deadOnce = () => span(1000, chance(0.2) ? HOUR : 5 * MINUTE);
  const crashes = list(times(5, 0.8), () => ({
    at: anywhere(),
    kind: 'crash' as const,
    moment: chance(0.3) ? 'now' : pick(MOMENTS),
    count: Math.floor(random() * 4),
    dead: deadOnce(),
  }));
  // Once more while the next life reads what was queued.
  const againSoon = crashes
    .filter(() => chance(0.3))
    .map(({ at, dead }) => ({
      at: at + dead + ms(100, 2500),
      kind: 'crash' as const,
      moment: pick(['acknowledge', 'after_commit', 'before_actions', 'job'] as const),
      count: Math.floor(random() * 12),
      dead: deadOnce(),
    }));
  const clock = drawClockBlows(seed, { from: begin, to: end }, night !== 'autumn');
  const blows: Blow[] = [
    ...clock.blows,
    ...crashes,
    ...againSoon,
    ...list(times(2, 0.3), () => ({ at: anywhere(), kind: 'stop' as const, dead: deadOnce() })),
    ...list(times(2, 0.3), () => ({ at: anywhere(), kind: 'freeze' as const, ms: span(3000, 4 * MINUTE) })),
    ...list(times(8, 0.7), () => ({
      at: anywhere(),
      kind: 'redis' as const,
      fault: pick(REDIS_FAULTS),
      ms: span(1000, HOUR),
    })),
    ...list(times(3, 0.5), () => ({ at: anywhere(), kind: 'broker' as const, ms: span(500, 20 * MINUTE) })),
    ...list(times(6, 0.7), () => ({ at: anywhere(), kind: 'person' as const, deed: pick(PERSON_DEEDS) })),
  ];
  const l2l = list(times(6, 0.85), () => windowOf(anywhere(), pick(L2L_FAULTS)));
  const disk = list(times(3, 0.3), () => {
    const from = anywhere();
    const fault: DiskFault = pick(['commit', 'write', 'transaction']);
    return { from, to: from + span(200, 8 * MINUTE), fault, share: chance(0.5) ? 1 : 0.3 };
  });
  const plcDown = list(times(3, 0.5), () => {
    const from = anywhere();
    return { from, to: from + span(2000, 25 * MINUTE) };
  });

  function windowOf(from: number, fault: L2lFault): L2lWindow {
    const isWhole = fault === 'no' || fault === 'key' || chance(0.4);
    const to = from + span(5000, chance(0.15) ? 3 * HOUR : 20 * MINUTE);
    return { from, to, fault, share: isWhole ? 1 : ms(10, 80) / 100 };
  }

  /** Where the process stood still, the length of an off_delay does not follow from what happened. */
  const standsStill = blows.some(({ kind }) => kind === 'freeze');
  function rulesOf(machine: (typeof MACHINES)[number]): MachineSpec['dispatches'] {
    const [first, ...others] = drawDispatchRules(random, machine, machine.via === 'broker' && !standsStill);
    if (!first) throw new Error(`${machine.name} has no rule`);
    return [first, ...others];
  }

  const stories = MACHINES.filter((_, index) => index % 2 === 0 || chance(0.7)).map(machine => {
    const resets = chance(0.3) ? 1 + Math.floor(random() * 2) : 0;
    const register = chance(0.5) ? 65_536 : 4_294_967_296;
    const spec: MachineSpec = {
      ...machine,
      dispatches: rulesOf(machine),
      counts: drawCycleRule(random),
      cycle: ms(6000, 25_000),
      register,
      resets,
      // A reset right at the end of a register can't be distinguished from a rollover.
      strokesAtStart: resets > 0 ? ms(0, 5000) : register - ms(5, 150),
      scrapShare: machine.line === null ? 0 : 0.1,
      recipes: machine.line === null ? [11] : [11, 12],
    };
    return makeStory(spec, seededRandom(ms(0, 2 ** 31)), begin, end);
  });
  // What nobody ends would block the other rule of such a machine for good.
  const shareable = stories.filter(story => !isSingle(story)).map(({ spec }) => spec.machine);
  return {
    seed,
    night,
    start,
    stories,
    end,
    firstOff: clock.firstOff,
    blows: blows.sort((a, b) => a.at - b.at),
    l2l,
    background: chance(0.5) ? 0 : ms(1, 15) / 100,
    disk,
    plcDown,
    answers: drawManners(seed, { from: begin + MINUTE, to: end }, !stories.some(isSingle)),
    duplicate: pick(['refuse', 'refuse', 'existing', 'nothing']),
    corrects: chance(0.5) ? 0.5 : 0,
    rate: pick(['unlimited', '1/s', '20/min']),
    every: pick([MINUTE, 5 * MINUTE, 15 * MINUTE]),
    poll: pick([1000, 3000, 5000]),
    freezeLimit: pick([5 * MINUTE, 30 * MINUTE, 12 * HOUR]),
    batchDelay: pick([1000, 10_000, 90_000]),
    // A close that is a dead letter would block the other rule for good.
    transient: chance(0.7) || stories.some(isSingle) ? [REFUSAL] : [],
    former: shareable.filter(() => chance(0.3)),
    deadly: chance(0.2) && shareable.length > 0 ? { machine: pick(shareable), from: anywhere() } : null,
  };
}

function isSingle({ spec }: MachineStory): boolean {
  return spec.dispatches.some(({ type }) => SINGLE_TYPES.some(single => single === type));
}

/** When something keeps the gateway from sending. */
export function troublesOf(plan: Plan): Span[] {
  const { blows, l2l, disk, background, start, end, answers } = plan;
  const always = answers.manners.rate_limit ? [{ from: start, to: Number.POSITIVE_INFINITY }] : [];
  const often = background > 0 ? [{ from: start, to: end }] : [];
  return [...blows.flatMap(spanOf), ...l2l, ...disk, ...answers.lacks, ...often, ...always];
}

/** When the gateway may not know what the machines do: its sources are away, or it is. */
export function unheardOf({ blows, plcDown }: Plan): Span[] {
  const struck = blows.filter(({ kind }) => kind !== 'redis').flatMap(spanOf);
  // Until everything is read again.
  return [...struck, ...plcDown].map(({ from, to }) => ({ from, to: to + MINUTE }));
}

function spanOf({ at, ...blow }: Blow): Span[] {
  switch (blow.kind) {
    case 'crash':
      // Armed, it waits for its moment.
      return [{ from: at, to: at + 10 * MINUTE + blow.dead }];
    case 'stop':
    case 'battery':
      return [{ from: at, to: at + MINUTE + blow.dead }];
    case 'clock':
      return [{ from: at, to: at + MINUTE }];
    case 'person':
      return [];
    default:
      return [{ from: at, to: at + MINUTE + blow.ms }];
  }
}

/** The plan in one line. */
export function planWords(plan: Plan): string {
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const blow of plan.blows) {
    if (blow.kind === 'crash') count(`crash:${blow.moment}`);
    else if (blow.kind === 'redis') count(`redis:${blow.fault}`);
    else if (blow.kind === 'person') count(`person:${blow.deed}`);
    else if (blow.kind !== 'clock' || blow.off !== 0) count(blow.kind);
  }
  for (const { fault } of plan.l2l) count(`l2l:${fault}`);
  for (const { fault } of plan.disk) count(`disk:${fault}`);
  for (const word of mannerWords(plan.answers)) count(word);
  if (plan.firstOff !== 0) count('starts_in_the_past');
  if (plan.night !== 'winter') count(`night:${plan.night}`);
  if (plan.former.length > 0) counts.set('former', plan.former.length);
  if (plan.deadly) count('deadly');
  if (plan.plcDown.length > 0) counts.set('plc_down', plan.plcDown.length);
  return [...counts].map(([what, n]) => (n === 1 ? what : `${what}*${n}`)).join(' ') || 'none';
}
