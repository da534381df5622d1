import { createHash } from 'node:crypto';
import { seededRandom } from '../../src/simulation/random.ts';
import type { SandboxWorld } from '../../src/simulation/sandbox/world.ts';
import { createBroker } from './broker.ts';
import { BROKER, chaosConfig, SITE, ZONE } from './config.ts';
import { type DiskImage, dataFolder, imageOf, putBack, removeFolder, watchDisk } from './disk.ts';
import type { LifeEnd, Standstill } from './expected.ts';
import { createLife, type Life } from './gateway.ts';
import { l2lEdge, REFUSAL } from './l2l.ts';
import type { Moment, Notes } from './notes.ts';
import { createPeople } from './people.ts';
import { type Blow, makePlan, type Plan, planWords, START } from './plan.ts';
import type { Look } from './poller.ts';
import { judge } from './verdict.ts';
import { lifeTime, takeOverTime } from './virtual-time.ts';

export type SeedResult = {
  readonly seed: number;
  readonly ok: boolean;
  /** seed, faults, truth against state, verdict. */
  readonly line: string;
  readonly problems: readonly string[];
  /** The same for the same seed: everything that happened, in its order. */
  readonly hash: string;
  readonly trace: readonly string[];
};

const PRODUCTS = new Map([
  [11, 'P-110'],
  [12, 'P-120'],
]);
const MINUTE = 60_000;
const LONGEST_SETTLING = 8 * 60 * MINUTE;
/** An armed crash whose moment does not come takes place all the same (ms). */
const LATEST_CRASH = 10 * MINUTE;
const START_AGAIN = 10_000;

const l2lWorld = (plan: Plan): SandboxWorld => ({
  sites: [
    {
      site: SITE,
      timezone: ZONE,
      lines: plan.stories.map(({ spec }, index) => ({
        code: spec.line ?? `LINE-X${index}`,
        machines: [{ code: spec.machine, cyclecount: 1000 * (index + 1) }],
      })),
      dispatchtypes: [{ code: 'DOWN', impact: 0 }, { code: 'QUALITY' }],
      trades: [{ code: 'MAINT', default: true }],
      products: [...PRODUCTS.values()],
      users: ['gateway', 'kim'],
    },
  ],
});

/** Runs one seed from its first moment until everything is told or nothing moves any more. One run a thread and a process. */
export async function runSeed(seed: number): Promise<SeedResult> {
  const plan = makePlan(seed);
  const world = takeOverTime(START);
  const random = seededRandom(seed * 31 + 5);
  const trace: string[] = [];
  const problems: string[] = [];
  const folder = dataFolder();
  const looks: Look[] = [];
  const ends: LifeEnd[] = [];
  const standstills: Standstill[] = [];
  let life: Life | null = null;
  let lives = 0;
  let image: DiskImage | null = null;
  let armed: { moment: Moment; count: number; dead: number } | null = null;
  let stopping = false;
  /** When something last began that leads to new actions. */
  let lastChange = START;
  let over = false;

  const notes: Notes = {
    trace: text => void trace.push(`${((world.now() - START) / 1000).toFixed(3)} ${text}`),
    problem(text) {
      problems.push(text);
      notes.trace(`PROBLEM ${text}`);
    },
    moment(kind) {
      if (armed?.moment !== kind || !life || life.time.dead) return;
      if (armed.count > 0) armed.count -= 1;
      else crash(kind);
    },
  };
  const l2l = l2lEdge({
    world,
    plant: l2lWorld(plan),
    windows: plan.l2l,
    background: plan.background,
    noFaultsAfter: plan.end,
    batchDelay: plan.batchDelay,
    random: seededRandom(seed * 13 + 1),
    notes,
    waits: { timeout: 60_000, settle: 60_000 },
  });
  const people = createPeople(world, l2l, random);
  const loaded = chaosConfig({ ...plan });
  const broker = createBroker({
    world,
    name: BROKER,
    stories: plan.stories.filter(({ spec }) => spec.via === 'broker'),
    random: seededRandom(seed * 17 + 3),
    notes,
  });

  function crash(where: string): void {
    if (!life || life.time.dead || !armed) return;
    notes.trace(`CRASH of life ${life.number} at ${where}, dead for ${armed.dead} ms`);
    image = imageOf(folder);
    const { dead } = armed;
    armed = null;
    end(life);
    const corpse = life;
    world.at(world.now(), () => {
      corpse.bury();
      if (image) putBack(folder, image);
    });
    again(dead);
  }

  function end(ending: Life): void {
    ending.time.die();
    broker.cut();
    ending.link?.cut();
    world.host(null);
    watchDisk(null);
  }

  function again(dead: number): void {
    world.at(world.now() + Math.max(1, dead), begin);
  }

  function begin(): void {
    lives += 1;
    lastChange = world.now();
    stopping = false;
    const own = lifeTime(world);
    const next = createLife({
      world,
      time: own,
      number: lives,
      folder,
      loaded,
      l2l,
      broker,
      stories: plan.stories,
      pollEvery: plan.poll,
      isPlcUp: at => !plan.plcDown.some(({ from, to }) => at >= from && at < to),
      looks,
      random: seededRandom(seed * 101 + lives),
      notes,
    });
    life = next;
    notes.trace(`life ${lives} begins`);
    world.host(own);
    watchDisk({
      beforeCommit(tells) {
        notes.moment('before_commit');
        if (tells) notes.moment('before_telling');
      },
      afterCommit(tells) {
        notes.moment('after_commit');
        if (tells) notes.moment('after_telling');
      },
      fault(kind) {
        const now = world.now();
        const bad = plan.disk.find(({ from, to }) => now >= from && now < to);
        if (!bad || own.dead || (bad.fault === 'commit') !== (kind === 'commit')) return null;
        return random() < bad.share ? bad.fault : null;
      },
    });
    const before = lives - 1;
    next.start().then(
      () => {
        if (next.lastAlive !== null && before > 0) ends.push({ life: before, writtenUntil: next.lastAlive });
      },
      (error: unknown) => {
        if (own.dead) return;
        notes.trace(`life ${next.number} could not start: ${String(error)}`);
        end(next);
        next.bury();
        again(START_AGAIN);
      },
    );
  }

  function strike(blow: Blow): void {
    notes.trace(`blow ${JSON.stringify(blow)}`);
    switch (blow.kind) {
      case 'crash':
        if (armed || !life || life.time.dead || stopping) return;
        armed = { moment: blow.moment, count: blow.count, dead: blow.dead };
        if (blow.moment === 'now') crash('now');
        else {
          const mine = armed;
          world.at(world.now() + LATEST_CRASH, () => armed === mine && crash('last chance'));
        }
        return;
      case 'stop':
        stop(blow.dead);
        return;
      case 'freeze':
        if (!life || life.time.dead || life.time.frozen) return;
        standstills.push({ from: world.now(), to: world.now() + blow.ms });
        life.time.freeze(blow.ms);
        return;
      case 'redis':
        life?.redis.strike(blow.fault, blow.ms);
        return;
      case 'broker':
        broker.lose(blow.ms);
        return;
      case 'person':
        people.meddle(blow.deed);
        return;
    }
  }

  function stop(dead: number | null): void {
    const ending = life;
    if (!ending || ending.time.dead || stopping || ending.time.frozen) return;
    stopping = true;
    notes.trace(`life ${ending.number} is told to stop`);
    void ending.stop().then(() => {
      if (ending.time.dead) return;
      notes.trace(`life ${ending.number} has stopped`);
      armed = null;
      end(ending);
      if (dead === null) over = true;
      else again(dead);
    });
  }

  const onError = (error: unknown) => {
    if (life && !life.time.dead)
      notes.problem(`nobody caught: ${error instanceof Error ? error.stack : String(error)}`);
  };
  process.on('unhandledRejection', onError);
  try {
    broker.begin();
    begin();
    for (const blow of plan.blows) world.at(blow.at, () => strike(blow));
    await world.runUntil(plan.end);
    await settle();
    if (!over) {
      for (let waited = 0; !over && waited < 10 * MINUTE; waited += MINUTE) {
        stop(null);
        await world.runUntil(world.now() + MINUTE);
      }
      if (!over) notes.problem('the gateway did not stop within 10 minutes');
    }
    const verdict = judge({
      stories: plan.stories,
      looks,
      ends,
      poll: plan.poll,
      standstills,
      hadDiskFaults: plan.disk.length > 0,
      people,
      refusals: plan.transient.length > 0 ? [] : [REFUSAL],
      data: l2l.backend.data,
      folder,
      products: PRODUCTS,
    });
    const all = [...new Set([...problems, ...verdict.problems])];
    const ok = all.length === 0;
    return {
      seed,
      ok,
      line: `seed ${seed}: ${planWords(plan)} | lives ${lives} ${verdict.line} | ${ok ? 'ok' : `FAILED (${all.length})`}`,
      problems: all,
      hash: createHash('sha256').update(trace.join('\n')).digest('hex').slice(0, 16),
      trace,
    };
  } finally {
    process.off('unhandledRejection', onError);
    if (life && !(life as Life).time.dead) end(life);
    (life as Life | null)?.bury();
    removeFolder(folder);
  }

  /** Until everything is told: no fault begins any more, but outages go on to their end. */
  async function settle(): Promise<void> {
    const until = world.now() + LONGEST_SETTLING;
    const quiet = Math.max(
      plan.end,
      ...plan.stories.map(({ moments }) => moments.at(-1)?.at ?? 0),
      ...plan.plcDown.map(({ to }) => to),
      ...plan.disk.map(({ to }) => to),
    );
    lastChange = Math.max(quiet, lastChange);
    await world.runUntil(quiet);
    while (world.now() < until) {
      await world.runUntil(world.now() + MINUTE);
      if (isDone()) return;
    }
    const journal = life?.journal;
    notes.problem(
      `not told within ${LONGEST_SETTLING / MINUTE} minutes: ${JSON.stringify({ ...journal?.counts(), open: life?.queue?.status(), messages: broker.left })}`,
    );
  }

  function isDone(): boolean {
    const journal = life?.journal;
    const queue = life?.queue;
    if (!life || life.time.dead || life.time.frozen || !journal || !queue || armed || broker.left > 0) return false;
    // Whatever was counted last has been told at the end of its interval.
    if (world.now() < Math.max(plan.end, lastChange) + plan.every + 2 * MINUTE) return false;
    return journal.counts().waiting === 0 && journal.openCalls().length === 0;
  }
}
