import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { findDamage } from './find-damage.ts';

/** The thread of full-check.ts. */
const db = new DatabaseSync(String(workerData), { readOnly: true });
try {
  parentPort?.postMessage(findDamage(db));
} finally {
  db.close();
}
