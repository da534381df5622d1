import type { Absence, KeptValue, RuleCommit, TakenMessage } from '../../../src/core/commit.ts';
import type { RuleJournal } from '../../../src/core/rule-journal.ts';

/** A journal in memory. The test can hold its commits back or refuse them. */
export type MemoryJournal = RuleJournal & {
  readonly commits: RuleCommit[];
  /** Commits without an answer yet. */
  waiting(): number;
  /** From now on a commit waits for `letGo`. */
  holdBack(): void;
  letGo(): void;
  /** From now on commits are refused with this error; null: they are taken again. */
  refuse(error: Error | null): void;
  readonly refused: () => number;
};

export function memoryJournal(): MemoryJournal {
  const states = new Map<string, string>();
  const values = new Map<string, KeptValue>();
  const taken = new Map<string, string>();
  const commits: RuleCommit[] = [];
  let away: readonly Absence[] = [];
  const held: (() => void)[] = [];
  let holding = false;
  let refusal: Error | null = null;
  let refusals = 0;
  const keyOf = ({ source, packetId }: Omit<TakenMessage, 'hash'>) => `${source} ${packetId}`;

  return {
    commits,
    waiting: () => held.length,
    holdBack() {
      holding = true;
    },
    letGo() {
      holding = false;
      for (const release of held.splice(0)) release();
    },
    refuse(error) {
      refusal = error;
    },
    refused: () => refusals,
    ruleStates: () => states,
    keptValues: () => [...values.values()],
    away: () => away,
    get lastAlive() {
      return commits.at(-1)?.at ?? null;
    },
    wasTaken: message => taken.get(keyOf(message)) === message.hash,
    forgetTaken(source) {
      for (const key of taken.keys()) if (key.startsWith(`${source} `)) taken.delete(key);
    },
    async commit(commit) {
      if (holding) await new Promise<void>(resolve => held.push(resolve));
      if (refusal) {
        refusals++;
        throw refusal;
      }
      for (const rule of commit.forget ?? []) states.delete(rule);
      for (const { rule, state } of commit.states) states.set(rule, state);
      for (const value of commit.values) values.set(value.signal, value);
      for (const message of commit.taken) taken.set(keyOf(message), message.hash);
      away = commit.away ?? away;
      commits.push(commit);
    },
  };
}
