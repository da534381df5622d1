import type { TakenMessage } from '../../core/commit.ts';
import type { RuleJournal } from '../../core/rule-journal.ts';
import type { Receipt } from '../../core/sample.ts';
import type { PendingCommit } from './pending-commit.ts';

/** Messages that wait for their acknowledgement [M1]. The broker may send a message again, but it is taken only once. */
export interface TakenMessages {
  /** Adds a message to the commit. False: it was taken before, so only its acknowledgement waits for the commit. */
  take(source: string, receipt: Receipt, commit: PendingCommit): boolean;
  /** The commit is durable, and from now on the journal knows these messages. */
  committed(messages: readonly TakenMessage[]): void;
  /** The broker began a new session: the packet ids of this source have no meaning any more. */
  forget(source: string, commit: PendingCommit): void;
}

export function createTakenMessages(journal: Pick<RuleJournal, 'wasTaken' | 'forgetTaken'>): TakenMessages {
  /** Hashes of messages in commits that are not durable yet, by source and packet id. */
  const hashes = new Map<string, string>();

  return {
    take(source, receipt, commit) {
      const { packetId, hash } = receipt;
      const message = { source, packetId, hash };
      commit.receipts.push(receipt);
      if (receipt.duplicate && (hashes.get(keyOf(message)) === hash || journal.wasTaken(message))) return false;
      commit.taken.push(message);
      hashes.set(keyOf(message), hash);
      return true;
    },
    committed(messages) {
      for (const message of messages) {
        if (hashes.get(keyOf(message)) === message.hash) hashes.delete(keyOf(message));
      }
    },
    forget(source, commit) {
      journal.forgetTaken(source);
      commit.taken = commit.taken.filter(message => message.source !== source);
      for (const key of hashes.keys()) if (key.startsWith(`${source}\n`)) hashes.delete(key);
    },
  };
}

function keyOf({ source, packetId }: TakenMessage): string {
  return `${source}\n${packetId}`;
}
