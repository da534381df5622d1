import type { Started } from '../../src/core/lifecycle.ts';
import type { Carrier, CarrierNeeds } from '../../src/queue/carrier.ts';
import type { JobData, JobsOptions } from '../../src/queue/jobs.ts';
import type { Random } from '../../src/simulation/random.ts';
import type { Notes } from './notes.ts';
import type { LifeTime } from './process-time.ts';

export const REDIS_FAULTS = [
  'lose', // some jobs are gone
  'twice', // a job runs twice at once: its lock was lost
  'revive', // a failover brings old jobs back
  'wipe', // Redis forgets everything
  'stray', // a job is marked as active, but nobody runs it
  'deaf', // jobs are added, and the answer is lost
  'away',
] as const;
export type RedisFault = (typeof REDIS_FAULTS)[number];

export interface ScriptedRedis {
  open(needs: CarrierNeeds, started: Started): Promise<Carrier>;
  /** `ms`: how long it lasts, if it lasts. */
  strike(fault: RedisFault, ms: number): void;
}

/** Runs the job of a call, so that its requests are known to belong to that call. */
export type RunWithin = (call: number, run: () => Promise<void>) => Promise<void>;

type Job = { readonly id: string; readonly data: JobData; due: number; timer: Disposable | null };

const LATENCY = 1;

/**
 * BullMQ on Redis as one life of the gateway sees it, in virtual time, with its faults. The real Redis is tested with real processes
 * (test/queue, test/crash).
 */
export function scriptedRedis(life: LifeTime, random: Random, notes: Notes, within: RunWithin): ScriptedRedis {
  const waiting = new Map<string, Job>();
  const active = new Set<string>();
  const history: Job[] = [];
  let jobs: Pick<JobsOptions, 'run' | 'concurrency'> | null = null;
  let needs: CarrierNeeds | null = null;
  let up = false;
  let since = life.now();
  let closed = false;
  let paused = false;
  let running = 0;
  let twice = 0;
  let deafUntil = 0;

  function soon<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      life.at(life.now() + LATENCY, () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  function reach(): void {
    if (!up || closed) throw new Error('Redis does not answer');
  }

  function put(id: string, data: JobData, due: number): void {
    const job: Job = { id, data, due, timer: null };
    waiting.set(id, job);
    if (history.push(job) > 200) history.shift();
    job.timer = life.at(due, pump);
  }

  function pump(): void {
    if (!jobs || !up || closed || paused || life.frozen) return;
    const now = life.now();
    for (const job of waiting.values()) {
      if (running >= jobs.concurrency) return;
      if (job.due > now) continue;
      waiting.delete(job.id);
      const times = twice > 0 ? 2 : 1;
      if (times === 2) twice -= 1;
      for (let run = 0; run < times; run++) start(job);
    }
  }

  function start(job: Job): void {
    const run = jobs?.run;
    if (!run) return;
    running += 1;
    active.add(job.id);
    notes.moment('job');
    void within(job.data.call, () => run(job.id, job.data)).then(() => {
      running -= 1;
      active.delete(job.id);
      pump();
    });
  }

  const some = <T>(items: Iterable<T>, share: number): T[] => [...items].filter(() => random() < share);

  return {
    async open(given, started) {
      needs = given;
      const link = {
        get status() {
          return { up, since, detail: up ? 'connected' : 'Redis does not answer' };
        },
        get up() {
          return up;
        },
      };
      started.add('jobs', () => {
        closed = true;
      });
      life.at(life.now() + 5, () => connect());
      return {
        link,
        openJobs(_destination, options) {
          jobs = options;
          return {
            add: (id, _kind, data, delay) =>
              soon(() => {
                reach();
                if (waiting.has(id) || active.has(id)) return;
                put(id, data, life.now() + delay);
                pump();
                if (life.now() < deafUntil) throw new Error('Redis did not answer');
              }),
            state: id =>
              soon(() => {
                reach();
                if (waiting.has(id)) return 'waiting' as const;
                return active.has(id) ? ('active' as const) : ('lost' as const);
              }),
            remove: id =>
              soon(() => {
                reach();
                waiting.get(id)?.timer?.[Symbol.dispose]();
                waiting.delete(id);
                active.delete(id);
              }),
            pause() {
              paused = true;
            },
            close: async () => {
              closed = true;
            },
          };
        },
        problems: () => soon(() => []),
        forgetOthers: () => soon(() => undefined),
      };
    },
    strike(fault, ms) {
      switch (fault) {
        case 'lose':
          for (const id of some(waiting.keys(), 0.6)) waiting.delete(id);
          return;
        case 'twice':
          twice += 3;
          return;
        case 'revive':
          for (const job of some(history, 0.3)) {
            if (!waiting.has(job.id)) put(job.id, job.data, life.now());
          }
          pump();
          return;
        case 'wipe':
          waiting.clear();
          active.clear();
          return;
        case 'stray':
          for (const id of some(waiting.keys(), 0.5)) {
            waiting.delete(id);
            active.add(id);
          }
          return;
        case 'deaf':
          deafUntil = life.now() + ms;
          return;
        case 'away':
          if (!up) return;
          up = false;
          since = life.now();
          if (random() < 0.5) waiting.clear();
          life.at(life.now() + ms, connect);
          return;
      }
    },
  };

  function connect(): void {
    if (up || closed) return;
    up = true;
    since = life.now();
    needs?.onUp();
    pump();
  }
}
