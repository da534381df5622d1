import type { DatabaseSync } from 'node:sqlite';
import type { CallResult } from '../../actions/result.ts';
import type { ChainState, StuckDispatch } from '../../core/delivery.ts';
import { query } from '../file/database.ts';
import { anchors, ends, isOfEpisode, opens } from './kinds.ts';
import { ACTION_COLUMNS, type ActionRow, actionOf, parseOrNull } from './rows.ts';

export type ChainsOptions = {
  /** Where this gateway sends: what was opened elsewhere is nothing to close here. */
  readonly destination: string;
  /** Rules that the config has, by any name their state may stand under; undefined: every rule there is. */
  readonly rules?: ReadonlySet<string> | undefined;
};

/** What is known of a chain: what its open came to, who else holds its dispatch, what of it waits. */
export function createChains(db: DatabaseSync, options: ChainsOptions): (chain: string) => ChainState {
  const { destination, rules } = options;
  // Who holds a dispatch: an episode whose open has its id and that is not over. A close that waits does not end the holding: when
  // several wait, the last one has the true end.
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
  // An adopted one is the gateway's to end only where the rule of the episode that adopted it says so.
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

  // By the rule as the chain names it, in the order of the index: one that has sent anything is found with its first row.
  const readSent = query<{ id: number }>(
    db,
    `SELECT id FROM action WHERE chain >= ? AND chain < ? AND ${opens('kind')} AND destination = ? AND result IS NOT NULL LIMIT 1`,
  );
  // Through all dispatches that are kept: asked for a rule that has sent nothing yet.
  const readSentByOthers = query<{ id: number }>(
    db,
    `SELECT o.id FROM action f JOIN action o ON ${opens('o.kind')} AND o.result IS NOT NULL AND o.lane = f.lane
       AND o.destination = ? AND json_extract(o.params, '$.type') = json_extract(f.params, '$.type')
     WHERE f.chain = ? AND ${opens('f.kind')} LIMIT 1`,
  );
  // L2L was asked before it was sent, whatever came of it.
  const readParked = query<{ id: number }>(
    db,
    `SELECT o.id FROM action f JOIN action o ON o.lane = f.lane AND json_extract(o.params, '$.type') = json_extract(f.params, '$.type')
     WHERE f.chain = ? AND ${opens('f.kind')} AND o.state IN ('dead', 'parked') AND o.state = 'parked'
       AND ${opens('o.kind')} AND o.call IS NOT NULL AND o.destination = ? LIMIT 1`,
  );
  // A person's dispatch is nobody's but the person's, whoever could not end it; and what people are to end holds up no episode.
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

  /** An episode left behind by a rule that is not configured any more never clears: others do not wait for it. */
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
    // Read when they are asked for: an open that is sent as it comes asks for none of them, most closes for the first two.
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
      get stuck() {
        return readStuck.all(destination, chain, chain);
      },
    };
  };
}

function openState(state: string | undefined): ChainState['open'] {
  switch (state) {
    case undefined:
      return 'none';
    // Let go by a person or its rule: nothing is known to be open that its close could end, and nothing more is sent.
    case 'dropped':
      return 'dropped';
    case 'delivered':
    case 'nothing':
      return 'delivered';
    case 'dead':
      return 'dead';
    default:
      // A parked open may have been applied: what depends on it waits for a person's word, like one that is under way.
      return 'pending';
  }
}
