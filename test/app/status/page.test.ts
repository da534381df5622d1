import { expect, it } from 'vitest';
import { type StatusParts, statusPage } from '../../../src/app/status/page.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { createTimeNotation } from '../../../src/core/time-notation.ts';
import type { CallQueueStatus } from '../../../src/queue/call-queue.ts';
import { increment } from '../../support/actions.ts';
import { testFolder } from '../../support/folder.ts';
import { REFUSED, settle, testJournal, write } from '../../support/journal.ts';

const CONFIG = `gateway: { name: press_shop_1, data: /nowhere }
l2l: { url: https://acme.leading2lean.com, api_key: "\${KEY}", site: 43, timezone: America/Denver, user: gateway }
sources:
  broker:
    protocol: mqtt
    url: mqtt://192.0.2.8:1883
    client_id: gateway
    signals:
      broker.running: { topic: plant/press1, json: $.running, as: bool }
      broker.mode: { topic: plant/mode, json: $.mode, as: string }
rules:
  press1_down: { when: not broker.running, on_delay: 2m, dispatch: { machine: PRESS-01, type: Breakdown, description: down } }
`;
const NOW = Date.parse('2026-03-02T13:00:00Z');
const S = 1000;

const BACKLOG = { calls: 3, ms: 240_000, oldestAt: NOW - 40 * S };

const queue: CallQueueStatus = {
  redis: { up: true, since: NOW - 60 * S, detail: 'connected' },
  redisProblems: [],
  paused: [
    {
      ...{ destination: 'l2l', name: 'L2L', backlog: BACKLOG },
      ...{ cause: 'network', detail: 'refused', since: NOW - 50 * S, probeAt: NOW + 10 * S, probes: 2 },
    },
  ],
  backlog: BACKLOG,
  running: 1,
  open: { retry: 2 },
  held: 0,
  heldUp: [
    {
      reason: 'code',
      detail: 'L2L knows no machine PRESS-99 at site 43',
      rules: [{ rule: 'press_count', where: 'plant.yaml:31' }],
      lanes: ['cycles:PRESS-99'],
      nextTry: NOW + 20 * S,
    },
  ],
  oldestOpenAt: NOW - 30 * S,
  counts: { delivered: 5, foundOpen: 1, rejected: 2, parked: 1, released: 3, dropped: 0 },
};

function runnerOf(signals: StatusParts['loaded']['signals']) {
  const [running, mode] = [...signals.values()];
  if (!running || !mode) throw new Error('the config has two signals');
  const good = { good: true, quality: 'good', reason: null, emptySince: null } as const;
  const unknown = { good: false, quality: 'bad', reason: null, emptySince: null } as const;
  const rule = { rule: 'press1_down', kind: 'dispatch', text: 'broker.running is false' } as const;
  return {
    signals: () => [
      { definition: running, value: false, at: NOW - 5 * S, ...good },
      { definition: mode, value: null, at: null, ...unknown },
    ],
    rules: () => [{ ...rule, phase: 'pending', since: NOW - 5 * S, due: NOW + 115 * S, episode: null } as const],
    orphans: new Map([['press0_down', '{}']]),
  };
}

/** The parts of a gateway, in a state in which every part that has a time shows one. */
async function parts(): Promise<StatusParts> {
  const { iso } = createTimeNotation('America/Denver');
  const loaded = loadConfig('gateway.yaml', { KEY: 'key-0815' }, () => Buffer.from(CONFIG));
  const event = { at: NOW - 3600 * S, kind: 'clock_step', detail: 'times moved forward by 1s' } as const;
  const journal = testJournal(testFolder(), {
    now: () => NOW - 3600 * S,
    time: { shift: null, marked: 'keep', doubted: null, event },
  });
  await write(journal, { ...increment('A', 1), at: NOW - 20 * S }, { ...increment('B', 2), at: NOW - 15 * S });
  await settle(journal, 'cycles:A', { ...REFUSED, at: NOW - 10 * S });
  const upkeep = () => ({ used: 12_345_678, wal: 4_000_000, maxSize: 2e9, check: 'sound' as const, problem: null });
  return {
    loaded: { ...loaded, commandLine: words => `gateway ${words}` },
    journal: { ...journal, epoch: 1, upkeep, chain: journal.chain },
    queue: { status: () => queue } as StatusParts['queue'],
    runner: runnerOf(loaded.signals) as Partial<StatusParts['runner']> as StatusParts['runner'],
    sources: () => [{ source: 'broker', state: 'connected', at: NOW - 45 * S }],
    online: () => ({
      at: NOW - 3600 * S,
      destination: 'here',
      rows: [
        { what: 'site', code: '43', state: 'good', words: 'a test site' },
        { what: 'machine', code: 'PRESS-01', state: 'wrong', words: 'L2L does not have it' },
        { what: 'machine', code: 'REMOVED', state: 'wrong', words: 'no rule sends it any more' },
      ],
    }),
    notReady: () => ["L2L can't be reached"],
    hold: () => null,
    now: () => NOW,
    iso,
  };
}

it('every time on the page is ISO 8601 with the offset of the site, and every other value is unchanged', async () => {
  const page = statusPage(await parts())();

  expect(JSON.parse(JSON.stringify(page))).toMatchInlineSnapshot(`
    {
      "comparedWithL2l": {
        "at": "2026-03-02T05:00:00.000-07:00",
        "good": 1,
        "unchecked": [],
        "wrong": [
          {
            "code": "PRESS-01",
            "what": "machine",
            "where": "gateway.yaml:12:79",
            "words": "L2L does not have it",
          },
        ],
      },
      "config": "gateway.yaml",
      "gateway": "press_shop_1",
      "journal": {
        "actionsWaiting": 1,
        "deadLetters": 1,
        "file": {
          "check": "sound",
          "maxSize": "2000MB",
          "problem": null,
          "used": "12.3MB",
          "writeAheadLog": "4MB",
        },
        "newestEvents": [
          {
            "at": "2026-03-02T05:00:00.000-07:00",
            "detail": "times moved forward by 1s",
            "kind": "clock_step",
          },
        ],
        "newestUnsettled": [
          {
            "at": "2026-03-02T05:59:40.000-07:00",
            "detail": "No such machine",
            "id": 1,
            "lane": "cycles:A",
            "rule": "r",
            "settledAt": "2026-03-02T05:59:50.000-07:00",
            "state": "dead letter",
            "what": "add 1 cycle to A",
          },
        ],
        "oldestActionAt": "1969-12-31T17:00:00.001-07:00",
        "parked": 0,
        "shadow": 0,
      },
      "mode": "shadow",
      "notReady": [
        "L2L can't be reached",
      ],
      "now": "2026-03-02T06:00:00.000-07:00",
      "queue": {
        "backlog": {
          "calls": 3,
          "oldestAt": "2026-03-02T05:59:20.000-07:00",
          "words": "3 calls wait, about 4m once L2L answers",
        },
        "callsOpen": {
          "retrying": 2,
        },
        "callsRunning": 1,
        "deadLetters": 1,
        "held": 0,
        "heldUp": [
          {
            "detail": "L2L knows no machine PRESS-99 at site 43",
            "lanes": [
              "cycles:PRESS-99",
            ],
            "nextTry": "2026-03-02T06:00:20.000-07:00",
            "reason": "unknown code",
            "rules": [
              {
                "rule": "press_count",
                "where": "plant.yaml:31",
              },
            ],
            "words": "calls of rule press_count (plant.yaml:31) wait: L2L knows no machine PRESS-99 at site 43",
          },
        ],
        "list": "gateway queue list",
        "oldestCallAt": "2026-03-02T05:59:30.000-07:00",
        "parked": 0,
        "paused": [
          {
            "cause": "network",
            "destination": "L2L",
            "detail": "refused",
            "failedTries": 2,
            "nextTry": "2026-03-02T06:00:10.000-07:00",
            "since": "2026-03-02T05:59:10.000-07:00",
            "words": "L2L can't be reached",
          },
        ],
        "redis": {
          "detail": "connected",
          "since": "2026-03-02T05:59:00.000-07:00",
          "up": true,
        },
        "redisProblems": [],
        "sinceStart": {
          "delivered": 5,
          "dropped": 0,
          "foundOpen": 1,
          "parked": 1,
          "putBack": 3,
          "refused": 2,
        },
        "words": "3 calls wait, about 4m once L2L answers; calls of rule press_count (plant.yaml:31) wait: L2L knows no machine PRESS-99 at site 43; 1 dead letter waits for a person: gateway queue list",
      },
      "reads": "full",
      "removedRules": [
        "press0_down",
      ],
      "rules": [
        {
          "firesAt": "2026-03-02T06:01:55.000-07:00",
          "kind": "dispatch",
          "rule": "press1_down",
          "since": "2026-03-02T05:59:55.000-07:00",
          "state": "pending",
          "text": "broker.running is false",
          "thenIt": "opens the dispatch, if it stays so",
          "words": "the condition holds and the on_delay runs",
        },
      ],
      "signals": [
        {
          "age": "5s",
          "at": "2026-03-02T05:59:55.000-07:00",
          "definition": {
            "address": "plant/press1 $.running",
            "name": "broker.running",
            "source": "broker",
            "type": "bool",
          },
          "good": true,
          "name": "broker.running",
          "quality": "good",
          "reason": null,
          "value": false,
        },
        {
          "age": null,
          "at": null,
          "definition": {
            "address": "plant/mode $.mode",
            "name": "broker.mode",
            "source": "broker",
            "type": "string",
          },
          "good": false,
          "name": "broker.mode",
          "quality": "bad",
          "reason": "nothing received yet: check its topic or node",
          "value": null,
        },
      ],
      "site": 43,
      "sources": [
        {
          "at": "2026-03-02T05:59:15.000-07:00",
          "connectsTo": "mqtt://192.0.2.8:1883",
          "protocol": "mqtt",
          "signals": "1 of 2 good",
          "since": "2026-03-02T05:59:15.000-07:00",
          "source": "broker",
          "state": "connected",
          "words": "connected",
        },
      ],
      "starts": 1,
      "timezone": "America/Denver",
      "uptime": "0s",
      "weaker": [],
    }
  `);
});
