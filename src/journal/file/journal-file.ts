import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { errorMessage, StartError } from '../../core/errors.ts';
import { whyNoFile } from '../../core/file-kind.ts';
import { createHistory, type History } from '../history/history.ts';
import { createProspects, type Prospects } from '../people/prospects.ts';
import { createRuleDecisions, type RuleDecisions } from '../rules/rule-decisions.ts';
import { filesIn, noFileWords } from './data-folder.ts';
import { query } from './database.ts';
import { createMeta } from './meta.ts';
import { MIGRATIONS } from './schema.ts';
import { isBroken } from './sqlite-error.ts';

/** The journal of a stopped gateway, read-only: nothing is recovered, migrated or written. */
export interface JournalFile extends Disposable {
  readonly history: History;
  readonly prospects: Prospects;
  readonly ruleDecisions: RuleDecisions;
}

/** `destination`: where the gateway sends, when known. Throws a StartError that says what to do. */
export function openJournalFile(folder: string, destination: string | null): JournalFile {
  const file = filesIn(folder).journal;
  const why = whyNoFile(file);
  if (why !== null) throw new StartError(noFileWords(file, why));
  if (!existsSync(file)) {
    throw new StartError(
      `there is no journal in ${folder}; name the config of the gateway, or its data folder with --data`,
    );
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: 2000 });
    const version = query<{ user_version: number }>(db, 'PRAGMA user_version').get()?.user_version;
    if (version !== MIGRATIONS.length) {
      throw new StartError(
        `the journal ${file} has version ${version}, and this program reads ${MIGRATIONS.length}; read it with the gateway that wrote it, or start this one once`,
      );
    }
    const history = createHistory(db);
    const opened = db;
    return {
      history,
      prospects: createProspects(db, history, destination),
      ruleDecisions: createRuleDecisions(db, createMeta(db)),
      [Symbol.dispose]: () => opened.close(),
    };
  } catch (cause) {
    db?.close();
    if (cause instanceof StartError) throw cause;
    throw new StartError(
      isBroken(cause)
        ? brokenWords(file, cause)
        : `the journal ${file} can't be read: ${errorMessage(cause)}; run the command as the gateway's user or as root`,
    );
  }
}

/** Runs a read of the journal in a data folder. Throws a StartError with the reason when the file is damaged or the disk fails. */
export function readOrSay<T>(folder: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isBroken(cause)) throw cause;
    throw new StartError(brokenWords(filesIn(folder).journal, cause));
  }
}

function brokenWords(file: string, cause: unknown): string {
  return `the journal ${file} can't be read: ${errorMessage(cause)}. The file was not changed; the gateway says at its start what to do`;
}
