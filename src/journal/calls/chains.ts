import type { DatabaseSync } from 'node:sqlite';
import type { CallResult } from '../../actions/result.ts';
import type { ChainState, StuckDispatch } from '../../core/delivery.ts';
import { query } from '../file/database.ts';
import { anchors, ends, isOfEpisode, isParkedBefore, joins, opens } from './kinds.ts';
import { ACTION_COLUMNS, type ActionRow, actionOf, parseOrNull } from './rows.ts';

export type ChainsOptions = {
  /** Where this gateway sends. It does not close dispatches of another destination [J1]. */
  readonly destination: string;
  /** The rules of the config, with every name that their state may have; undefined: every rule. */
  readonly rules?: ReadonlySet<string> | undefined;
};

/** What the journal knows about a chain: the result of its open, other holders of its dispatch, and its waiting actions. */
export function createChains(db: DatabaseSync, options: ChainsOptions): (chain: string) => ChainState {
  const { destination, rules } = options;
  // An episode holds a dispatch while its open has the id of the dispatch and the episode is not over [D3]. A waiting close does not end
  // that: when several wait, the last one has the true end.
  const readHolders = query<{ rule: string; chain: string }>(
    db,
    `SELECT rule, chain FROM action o
     WHERE ${opens('o.kind')} AND o.result IS NOT NULL AND json_extract(o.result, '$.dispatchId') = ? AND o.chain <> ?
       AND o.destination = ? AND o.state = 'delivered'
       AND NOT EXISTS (SELECT 1 FROM action c WHERE c.chain = o.chain AND ${ends('c.kind')} AND c.state <> 'waiting')`,
  );
  const readKeeper = query<{ rule: string }>(
    db,
    "SELECT rule FROM rule_state WHERE json_extract(state, '$.episode.chain') = ?",
  );
  // The gateway ends an adopted dispatch only when the rule of the adopting episode says so [D3].
  const readOwner = query<{ id: number }>(
    db,
    `SELECT id FROM action o
     WHERE ${opens('o.kind')} AND o.result IS NOT NULL AND json_extract(o.result, '$.dispatchId') = ?
       AND o.destination = ? AND o.state = 'delivered' AND json_extract(o.result, '$.foundOpen') IS NULL
       AND (json_extract(o.result, '$.adopted') IS NULL OR EXISTS
         (SELECT 1 FROM action c WHERE c.chain = o.chain AND json_extract(c.params, '$.closeAdopted'))) LIMIT 1`,
  );
  const readChainWaiting = query<ActionRow>(
    db,
    `SELECT ${ACTION_COLUMNS} FROM action WHERE chain = ? AND destination = ? AND state = 'waiting' ORDER BY id`,
  );
  const readChain = query<{ state: string; result: string | null }>(
    db,
    `SELECT state, result FROM action
     WHERE chain = ? AND destination = ? AND (${opens('kind')} OR ${anchors('kind')} AND state = 'delivered')
     ORDER BY id DESC LIMIT 1`,
  );

  // Searches by the rule in the chain's name, in the order of the index. A rule that has sent an action is found with its first row.
  const readSent = query<{ id: number }>(
    db,
    `SELECT id FROM action WHERE chain >= ? AND chain < ? AND ${opens('kind')} AND destination = ? AND result IS NOT NULL LIMIT 1`,
  );
  // Searches all stored dispatches. This is needed only for a rule that has sent nothing yet.
  const readSentByOthers = query<{ id: number }>(
    db,
    `SELECT o.id FROM action f JOIN action o ON ${opens('o.kind')} AND o.result IS NOT NULL AND o.lane = f.lane
       AND o.destination = ? AND json_extract(o.params, '$.type') = json_extract(f.params, '$.type')
     WHERE f.chain = ? AND ${opens('f.kind')} LIMIT 1`,
  );
  // L2L may have the dispatch of a parked open of this machine and type that was in a call.
  const readParked = query<{ id: number }>(
    db,
    `SELECT o.id FROM action f JOIN action o ON o.lane = f.lane AND json_extract(o.params, '$.type') = json_extract(f.params, '$.type')
     WHERE f.chain = ? AND ${opens('f.kind')} AND o.state IN ('dead', 'parked') AND o.state = 'parked'
       AND ${opens('o.kind')} AND o.call IS NOT NULL AND o.destination = ? LIMIT 1`,
  );
  // No episode counts on a dispatch that a person has to end, and no episode waits for it [D7].
  const readStuck = query<StuckDispatch>(
    db,
    `SELECT o.key, json_extract(o.params, '$.reported') AS reported,
       CASE WHEN json_extract(o.result, '$.foundOpen') IS NULL AND json_extract(o.result, '$.adopted') IS NULL
         THEN json_extract(o.result, '$.dispatchId') END AS dispatchId
     FROM action s JOIN action o ON o.chain = s.chain AND ${opens('o.kind')}
       JOIN action c ON c.chain = s.chain AND ${ends('c.kind')}
     WHERE s.state IN ('dead', 'parked') AND ${isOfEpisode('s.kind')} AND s.destination = ?
       AND s.lane = (SELECT lane FROM action WHERE chain = ? AND ${opens('kind')}) AND s.chain <> ?
       AND json_extract(c.params, '$.how') IN ('close', 'complete')`,
  );

  const readParkedEnd = query<{ id: number }>(
    db,
    `SELECT id FROM action WHERE chain = ? AND destination = ? AND ${ends('kind')} AND state = 'parked' LIMIT 1`,
  );
  const readClosed = query<{ id: number }>(
    db,
    `SELECT closed.value AS id FROM action j, json_each(j.result, '$.closed') closed
     WHERE j.chain = ? AND ${joins('j.kind')} AND j.destination = ? AND j.state = 'delivered'`,
  );
  const readInDoubt = query<{ rule: string }>(
    db,
    `SELECT DISTINCT o.rule FROM action j JOIN action o ON ${isParkedBefore('o', 'j')}
     WHERE j.chain = ? AND ${joins('j.kind')} AND j.destination = ?`,
  );

  /** An episode of a rule that the config does not have any more never clears, so others do not wait for it. */
  function isLeftBehind(chain: string): boolean {
    const keeper = rules && readKeeper.get(chain)?.rule;
    return keeper !== undefined && rules?.has(keeper) === false;
  }

  function heldBy(id: number, chain: string): readonly string[] {
    const holders = readHolders.all(id, chain, destination).filter(holder => !isLeftBehind(holder.chain));
    return holders.map(holder => holder.rule);
  }

  return chain => {
    type Opened = Pick<ChainState, 'open' | 'result'>;
    let known: Opened | undefined;
    function opened(): Opened {
      const row = known ? undefined : readChain.get(chain, destination);
      known ??= { open: openState(row?.state), result: parseOrNull<CallResult>(row?.result ?? null) };
      return known;
    }
    // Each is read on demand: most opens need none of them, and most closes need the first two.
    return {
      get open() {
        return opened().open;
      },
      get result() {
        return opened().result;
      },
      get heldBy() {
        const id = opened().result?.dispatchId;
        return id === undefined ? [] : heldBy(id, chain);
      },
      get isOurs() {
        const id = opened().result?.dispatchId;
        return id !== undefined && readOwner.get(id, destination) !== undefined;
      },
      get waiting() {
        return readChainWaiting.all(chain, destination).map(actionOf);
      },
      get isFirst() {
        const rule = chain.slice(0, chain.indexOf('#'));
        const earlier =
          readSent.get(`${rule}#`, `${rule}$`, destination) ??
          readParked.get(chain, destination) ??
          readSentByOthers.get(destination, chain);
        return earlier === undefined;
      },
      get isEndParked() {
        return readParkedEnd.get(chain, destination) !== undefined;
      },
      get stuck() {
        return readStuck.all(destination, chain, chain);
      },
      get closed() {
        return readClosed.all(chain, destination).map(({ id }) => id);
      },
      get inDoubt() {
        return readInDoubt.all(chain, destination).map(({ rule }) => rule);
      },
    };
  };
}

function openState(state: string | undefined): ChainState['open'] {
  switch (state) {
    case undefined:
      return 'none';
    // A person or the rule let this open go. No known dispatch is left for its close, so nothing more is sent.
    case 'dropped':
      return 'dropped';
    case 'delivered':
    case 'nothing':
      return 'delivered';
    case 'dead':
      return 'dead';
    default:
      // L2L may have a parked open, so the actions that depend on it wait for a person, as they wait for an open under way.
      return 'pending';
  }
}
