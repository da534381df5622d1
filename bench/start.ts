import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from '../src/journal/file/schema.ts';
import { KEY, temporaryFolder } from './gateway.ts';
import { startProgram } from './process.ts';
import type { Figure, Options } from './report.ts';
import { median } from './statistics.ts';

const WAITING = 100_000;
const HISTORY = 1_000_000;
const GOAL = 3000;
const DESTINATION = 'http://127.0.0.1:9 site 43';

/**
 * Measures the time from the start of the process to its status page, after a SIGKILL, with a journal full of waiting and delivered
 * actions. Beside it: the same with an empty journal.
 */
export async function measureStart({ runs, scale, part }: Options): Promise<Figure[]> {
  const [full, empty] = [temporaryFolder(), temporaryFolder()];
  const history = Math.round(HISTORY * Math.min(1, scale * 2) * part);
  fillJournal(join(full, 'journal.db'), history, WAITING * part);
  const times: number[] = [];
  const floor: number[] = [];
  // The first start takes over the journal. Each start ends by SIGKILL.
  for (let run = -1; run < runs; run++) {
    const [least, most] = [await startIn(empty), await startIn(full)];
    if (run < 0) continue;
    floor.push(least);
    times.push(most);
  }
  const value = median(times);
  return [
    {
      name: 'start after SIGKILL with 100,000 actions in the journal',
      unit: 'ms',
      value,
      runs: times,
      floor: { what: 'an empty journal', value: median(floor) },
      goal: { words: '≤ 3,000 ms', met: value <= GOAL },
      note: `to the status page; ${history.toLocaleString('en-US')} actions of history beside them`,
    },
  ];
}

async function startIn(folder: string): Promise<number> {
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, config(folder));
  const began = performance.now();
  const gateway = startProgram(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts'), 'run', file], {
    L2L_API_KEY: KEY,
    RUNTIME_DIRECTORY: folder,
  });
  try {
    await gateway.line(text => text.includes('"gateway runs"'));
    return performance.now() - began;
  } finally {
    process.kill(gateway.pid, 'SIGKILL');
    await gateway.stop();
  }
}

function config(data: string): string {
  return `gateway: { name: bench, mode: live, data: "${data}", http: "127.0.0.1:0" }
l2l: { url: http://127.0.0.1:9, api_key: "\${L2L_API_KEY}", site: 43, timezone: America/Denver, user: gateway }
sources:
  desk: { protocol: simulated, signals: { strokes: { as: uint32, count: { every: 3s }, counter: { wraps: full, max_rate: 60/min } } } }
rules:
  strokes: { cycles: { machine: PRESS-0, counter: strokes, every: 15m } }
`;
}

/** Writes rows as the gateway does, but in larger commits. */
function fillJournal(file: string, history: number, waiting: number): void {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;');
  for (const migration of MIGRATIONS) db.exec(migration);
  db.exec(`PRAGMA user_version = ${MIGRATIONS.length}; BEGIN`);
  const call = db.prepare(
    `INSERT INTO call (id, kind, path, body, state, attempt, not_before, created_at, sent_at, epoch, result)
     VALUES (?, 'increment_cycles', '/api/1.0/machines/increment_cycle_count/', ?, 'delivered', 1, 0, ?, ?, 1, '{"cycleCount":5}')`,
  );
  const attempt = db.prepare("INSERT INTO attempt (call, attempt, at, state, answer) VALUES (?, 1, ?, 'delivered', ?)");
  const action = db.prepare(
    `INSERT INTO action (key, kind, rule, lane, at, time, params, cause, mode, destination, state, call, created_at, settled_at)
     VALUES (?, 'increment_cycles', ?, ?, ?, 'source', ?, ?, 'live', '${DESTINATION}', ?, ?, ?, ?)`,
  );
  const answer = JSON.stringify({ success: true, data: 'x'.repeat(400) });
  const from = Date.now() - (history + waiting) * 1000;
  for (let n = 0; n < history + waiting; n++) {
    const at = from + n * 1000;
    const machine = `PRESS-${n % 200}`;
    const isDelivered = n < history;
    if (isDelivered) {
      call.run(n + 1, `site=43&code=${machine}&count=12&lastupdated=2026-11-22+08%3A00%3A00`, at, at);
      attempt.run(n + 1, at, answer);
    }
    const values = [{ signal: 'strokes', value: n, quality: 'good', at }];
    action.run(
      `strokes#${n}@${at}:increment`,
      'strokes',
      `cycles:${machine}`,
      at,
      JSON.stringify({ machine, count: 12, from: at - 900_000, to: at }),
      JSON.stringify({ rule: 'strokes', where: 'config/gateway.yaml:41', text: '12 counted on strokes', values }),
      isDelivered ? 'delivered' : 'waiting',
      isDelivered ? n + 1 : null,
      at,
      isDelivered ? at + 100 : null,
    );
    if (n % 50_000 === 0) db.exec('COMMIT; BEGIN');
  }
  db.exec('COMMIT');
  db.close();
}
