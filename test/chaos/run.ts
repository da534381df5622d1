import { createHash } from 'node:crypto';
import { seededRandom } from '../../src/simulation/random.ts';
import type { SandboxWorld } from '../../src/simulation/sandbox/world.ts';
import { createBroker } from './broker.ts';
import { createClockLog } from './clock-log.ts';
import { isOfClock } from './clock-plan.ts';
import { BROKER, chaosConfig, SITE, ZONE } from './config.ts';
import { createDeadly } from './deadly.ts';
import { dataFolder, removeFolder } from './disk.ts';
import { l2lEdge, REFUSAL } from './l2l.ts';
import { leaveOpen } from './left-open.ts';
import { createLives } from './lives.ts';
import type { Notes } from './notes.ts';
import { createPeople } from './people.ts';
import { type Blow, makePlan, type Plan, planWords, troublesOf, unheardOf } from './plan.ts';
import type { Look } from './poller.ts';
import { LONGEST_OFF_DELAY, SINGLE_TYPES } from './rules.ts';
import { countUnsent } from './stored-actions.ts';
import { judge } from './verdict.ts';
import { takeOverTime } from './virtual-time.ts';

export type SeedResult = {
  readonly seed: number;
  readonly ok: boolean;
  /** seed, faults, truth against state, verdict. */
  readonly line: string;
  readonly problems: readonly string[];
  /** A hash of the trace. The same seed gives the same one. */
  readonly hash: string;
  readonly trace: readonly string[];
};

const PRODUCTS = new Map([
  [11, 'P-110'],
  [12, 'P-120'],
]);
const MINUTE = 60_000;
const DEADLY_PAUSE = 2000;
const DAY = 24 * 60 * MINUTE;
const LONGEST_SETTLING = 14 * 60 * MINUTE;
/** After this time a person looks at a gateway that does not trust its clock (ms). */
const PATIENCE = 10 * MINUTE;
const LONGEST_STOP = 10 * MINUTE;

const l2lWorld = (plan: Plan): SandboxWorld => ({
  sites: [
    {
      site: SITE,
      timezone: ZONE,
      lines: plan.stories.map(({ spec }, index) => ({
        code: spec.line ?? `LINE-X${index}`,
        machines: [{ code: spec.machine, cyclecount: 1000 * (index + 1) }],
      })),
      dispatchtypes: [
        { code: 'DOWN', impact: 0 },
        { code: 'QUALITY' },
        ...SINGLE_TYPES.map(code => ({ code, allowmultiple: false })),
      ],
      trades: [{ code: 'MAINT', default: true }],
      products: [...PRODUCTS.values()],
      users: ['gateway', 'kim'],
    },
  ],
});

/** Runs one seed from its first moment until everything is delivered or nothing moves any more. A process runs one seed at a time. */
export async function runSeed(seed: number): Promise<SeedResult> {
  const plan = makePlan(seed);
  const world = takeOverTime(plan.start);
  const random = seededRandom(seed * 31 + 5);
  const trace: string[] = [];
  const problems: string[] = [];
  const folder = dataFolder();
  const looks: Look[] = [];

  const notes: Notes = {
    trace: text => void trace.push(`${((world.now() - plan.start) / 1000).toFixed(3)} ${text}`),
    problem(text) {
      problems.push(text);
      notes.trace(`PROBLEM ${text}`);
    },
    moment: kind => lives.reach(kind),
  };
  const l2l = l2lEdge({
    world,
    plant: l2lWorld(plan),
    windows: plan.l2l,
    background: plan.background,
    noFaultsAfter: plan.end,
    manners: { ...plan.answers.manners, batchDelay: plan.batchDelay, duplicate: plan.duplicate },
    onDoubt: machine => people.doubt(machine),
    onLeave: entry => deadly.onLeave(entry),
    random: seededRandom(seed * 13 + 1),
    notes,
    waits: { timeout: 60_000, settle: 60_000, lookAgain: 30_000 },
  });
  const people = createPeople({ world, l2l, random, stories: plan.stories, corrects: plan.corrects, until: plan.end });
  const broker = createBroker({
    world,
    name: BROKER,
    stories: plan.stories.filter(({ spec }) => spec.via === 'broker'),
    random: seededRandom(seed * 17 + 3),
    notes,
  });
  const clock = createClockLog();
  const lives = createLives({
    world,
    clock,
    folder,
    loaded: chaosConfig(plan),
    l2l,
    broker,
    stories: plan.stories,
    pollEvery: plan.poll,
    isPlcUp: at => !plan.plcDown.some(({ from, to }) => at >= from && at < to),
    looks,
    notes,
    randomOf: life => seededRandom(seed * 101 + life),
    diskFault(kind) {
      const now = world.now();
      const bad = plan.disk.find(({ from, to }) => now >= from && now < to);
      if (!bad || (bad.fault === 'commit') !== (kind === 'commit')) return null;
      return random() < bad.share ? bad.fault : null;
    },
  });

  const deadly = createDeadly(plan.deadly, world, () => lives.arm('sent', 0, DEADLY_PAUSE));

  function strike(blow: Blow): void {
    notes.trace(`blow ${JSON.stringify(blow)}`);
    switch (blow.kind) {
      case 'crash':
        lives.arm(blow.moment, blow.count, blow.dead);
        return;
      case 'stop':
        lives.stop(blow.dead);
        return;
      case 'freeze':
        lives.freeze(blow.ms);
        return;
      case 'redis':
        lives.current?.redis.strike(blow.fault, blow.ms);
        return;
      case 'clock':
        world.machine.set(blow.off);
        return;
      case 'suspend':
        if (lives.suspend(blow.ms) && blow.isCut) broker.lose(blow.ms);
        return;
      case 'battery':
        world.machine.set(blow.off);
        lives.arm('now', 0, blow.dead);
        return;
      case 'broker':
        broker.lose(blow.ms);
        return;
      case 'person':
        people.meddle(blow.deed);
        return;
    }
  }

  const clockBlows = plan.blows.filter(({ kind }) => isOfClock(kind));
  /** The time of the last event that the gateway has to read or to write. */
  const quietFrom = Math.max(
    plan.end,
    ...plan.stories.map(({ moments }) => moments.at(-1)?.at ?? 0),
    ...[...plan.plcDown, ...plan.disk].map(({ to }) => to),
    ...clockBlows.map(blow => blow.at + ('ms' in blow ? blow.ms : 0)),
  );
  /** Counts are sent later by this much when the clock was set back. */
  const mostSet = Math.max(0, ...clockBlows.map(blow => ('off' in blow && blow.off > -DAY ? Math.abs(blow.off) : 0)));

  function isDone(): boolean {
    const { current: life } = lives;
    if (!life?.journal || !lives.isRunning || lives.isArmed) return false;
    // The last count is sent at the end of its interval.
    if (world.now() < Math.max(quietFrom, lives.begunAt) + plan.every + mostSet + LONGEST_OFF_DELAY + 2 * MINUTE)
      return false;
    if (broker.left > 0 || life.journal.openCalls().length > 0) return false;
    return life.journal.counts().waiting === 0 || countUnsent(folder) === 0;
  }

  /** At last a person notices that the gateway does not trust a clock that is right. */
  function trustInTime(): void {
    const { doubtedSince } = lives;
    const isOverdue = doubtedSince !== null && doubtedSince + PATIENCE < world.now();
    if (isOverdue && world.machine.off === 0 && lives.isRunning) {
      notes.trace('a person says that the clock is right');
      lives.trust();
    }
    world.at(world.now() + 5 * MINUTE, trustInTime);
  }

  /** From now on no fault begins, but outages go on to their end. */
  async function settle(): Promise<void> {
    const until = quietFrom + LONGEST_SETTLING;
    while (!isDone() && world.now() < until) await world.runUntil(world.now() + MINUTE);
    const life = lives.current;
    const left = { ...life?.journal?.counts(), notReady: life?.pages?.notReady(), messages: broker.left };
    if (!isDone())
      notes.problem(`not delivered ${LONGEST_SETTLING / MINUTE} minutes after the end: ${JSON.stringify(left)}`);
  }

  async function stop(): Promise<void> {
    const until = world.now() + LONGEST_STOP;
    while (!lives.over && world.now() < until) {
      lives.stop(null);
      await world.runUntil(world.now() + MINUTE);
    }
    if (!lives.over) notes.problem(`the gateway did not stop within ${LONGEST_STOP / MINUTE} minutes`);
  }

  const onError = (error: unknown) => {
    if (!lives.isRunning) return;
    notes.problem(`nobody caught: ${error instanceof Error ? error.stack : String(error)}`);
  };
  process.on('unhandledRejection', onError);
  try {
    const former = leaveOpen(plan, l2l);
    world.machine.set(plan.firstOff);
    broker.begin();
    lives.begin();
    trustInTime();
    for (const blow of plan.blows) world.at(blow.at, () => strike(blow));
    for (const { from, to, manners } of plan.answers.lacks) {
      world.at(from, () => l2l.backend.setManners(manners));
      world.at(to, () => l2l.backend.setManners({ rights: 'full', lookups: 'row' }));
    }
    await world.runUntil(plan.end);
    await settle();
    await stop();
    const { ends, standstills } = lives;
    const verdict = judge({
      stories: plan.stories,
      looks,
      ends,
      poll: plan.poll,
      clock,
      undated: broker.undated,
      datedAfter: broker.datedAfter,
      standstills,
      isReadLate: plan.disk.length > 0 || standstills.length > 0 || clock.spread > 0,
      isAutumn: plan.night === 'autumn',
      people,
      former,
      refusals: plan.transient.length > 0 ? [] : [REFUSAL],
      data: l2l.backend.data,
      ledger: l2l.ledger,
      troubles: [...troublesOf(plan), ...clock.doubts()],
      unheard: unheardOf(plan),
      onUnknown: ({ rule }) =>
        plan.stories.find(({ spec }) => rule.startsWith(spec.name))?.spec.counts.onUnknown ?? 'park',
      folder,
      products: PRODUCTS,
    });
    const all = [...new Set([...problems, ...verdict.problems])];
    const ok = all.length === 0;
    const words = ok ? 'ok' : `FAILED (${all.length})`;
    return {
      seed,
      ok,
      line: `seed ${seed}: ${planWords(plan)} | lives ${lives.count} ${verdict.line} | ${words}`,
      problems: all,
      hash: createHash('sha256').update(trace.join('\n')).digest('hex').slice(0, 16),
      trace,
    };
  } finally {
    process.off('unhandledRejection', onError);
    lives.end();
    removeFolder(folder);
  }
}
