import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import type { Action, ActionParams } from '../../src/actions/action.ts';
import { createReachability, type Reachability } from '../../src/l2l/reachability.ts';
import { createSiteZone } from '../../src/l2l/site-time.ts';
import type { Manners } from '../../src/simulation/sandbox/manners.ts';
import type { Dispatch } from '../../src/simulation/sandbox/records.ts';
import { type Bench, openBench, QUICK } from '../queue/harness.ts';
import { testDelivery } from '../support/delivery.ts';
import { testFolder } from '../support/folder.ts';
import { movableClock } from '../support/movable-clock.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { API_KEY, SITE_ZONE, testSandbox } from '../support/sandbox.ts';

const CAUSE = { rule: 'r', where: 'gateway.yaml:1', text: 'because', values: [] };

/** Whole seconds, as L2L keeps them. */
const NOW = Math.floor(Date.now() / 1000) * 1000;

export type EpisodeOptions = {
  readonly rule?: string;
  readonly machine?: string;
  readonly type?: string;
  readonly open?: Partial<ActionParams['open_dispatch']>;
  readonly close?: Partial<ActionParams['close_dispatch']>;
  readonly fields?: Partial<Action>;
};

/** The two actions of an episode that began `began` ms ago and ended `ended` ms ago. */
export function episode(number: number, began: number, ended: number, options: EpisodeOptions = {}) {
  const { rule = 'down', machine = 'PRESS-01', type = 'DOWN' } = options;
  const shared = {
    rule,
    lane: `dispatch:${machine}`,
    chain: `${rule}#${number}`,
    time: 'source',
    cause: CAUSE,
    mode: 'live',
  } as const;
  const { open: openFields, close: closeFields, fields } = options;
  const description = `${machine} stopped`;
  const reported = NOW - began;
  const completed = NOW - ended;
  const open = {
    ...shared,
    key: `${rule}#${number}:open`,
    kind: 'open_dispatch',
    at: reported,
    params: { machine, type, trade: 'MAINT', description, reported, ifFoundOpen: 'leave', ...openFields },
    ...fields,
  } as Action;
  const close = {
    ...shared,
    key: `${rule}#${number}:close`,
    kind: 'close_dispatch',
    at: completed,
    params: { machine, type, completed, how: 'close', ...closeFields },
    ...fields,
  } as Action;
  return { open, close, reported, completed, chain: shared.chain };
}

export type PlantOptions = {
  readonly timeout?: number;
  readonly settle?: number;
  readonly manners?: Partial<Manners>;
  readonly isChecked?: boolean;
  readonly reads?: 'full' | 'never';
};

/** The sandbox over HTTP, a real journal and Redis, and the queue between them, with short waits. */
export async function openPlant(options: PlantOptions = {}) {
  const { timeout = 30_000, settle = 60, manners = {}, isChecked = false, reads = 'full' } = options;
  const sandbox = await testSandbox();
  sandbox.setManners(manners);
  const clock = movableClock();
  const log = recordingLogger();
  // The real ones need the client, which is made first.
  const settings: Pick<Reachability, 'askKey' | 'verify' | 'unverified'> = {
    askKey: signal => reachability.askKey(signal),
    verify: signal => reachability.verify(signal),
    unverified: () => reachability.unverified(),
  };
  const { client, delivery } = testDelivery({
    url: sandbox.url,
    clock,
    timeout,
    log,
    blocked: ['already has an open critical Dispatch'],
    blockedWait: 100,
    reads,
    settle: { call: settle, batch: settle },
    chainOf: chain => bench.journal.chain(chain),
    memory: () => bench.journal.site,
    recordedSets: (rule, from, to) => bench.journal.recordedSets(rule, from, to),
    ...(isChecked && { settings }),
  });
  const reachability = createReachability({
    client,
    url: sandbox.url,
    site: 43,
    timezone: SITE_ZONE,
    places: { apiKey: 'g.yaml:3', site: 'g.yaml:4', timezone: 'g.yaml:5' },
    clock,
    log,
    iso: at => new Date(at).toISOString(),
  });
  onTestFinished(() => reachability.stop());
  const folder = testFolder();
  const bench: Bench = await openBench({
    real: delivery,
    folder,
    log,
    clock,
    l2l: { timings: { ...QUICK.timings, lookAgain: 60, firstMend: 30, longestMend: 60 } },
  });

  async function person(path: string, fields: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> {
    const body = new URLSearchParams({ auth: API_KEY, realuser: 'kim', ...fields });
    const response = await fetch(`${sandbox.url}/api/1.0/${path}`, {
      method: 'POST',
      body,
      headers: { l2lauth: API_KEY },
    });
    const answer = (await response.json()) as { success: boolean; error?: string; data?: Record<string, unknown> };
    if (!answer.success) throw new Error(`the person was refused: ${answer.error}`);
    return answer.data ?? {};
  }

  /** The row of an action in the journal's file, with everything written so far. */
  async function row({ key }: Action) {
    await bench.commit();
    const db = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
    try {
      return db.prepare('SELECT state, detail FROM action WHERE key = ?').get(key);
    } finally {
      db.close();
    }
  }

  return {
    ...bench,
    folder,
    siteText: createSiteZone(SITE_ZONE).text,
    row,
    sandbox,
    client,
    clock,
    dispatches: (): readonly Dispatch[] => sandbox.state().dispatches,
    /** The writes that took effect, in order: `open 57001`. */
    story: () => sandbox.state().log.map(({ what, change }) => `${what.replace('dispatches/', '')} ${change.dispatch}`),
    /** Does the change of a person in L2L: `dispatches/close/57001`. */
    person,
    /** Opens a dispatch as a person does; returns its id. */
    async personOpens(type = 'DOWN', machine = 'PRESS-01') {
      const fields = { site: '43', machinecode: machine, dispatchtypecode: type, trade: 'MAINT', user: 'kim' };
      const data = await person('dispatches/open/', { ...fields, description: 'seen by kim' });
      return Number(data.id);
    },
  };
}
