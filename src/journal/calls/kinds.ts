import { type ActionKind, kindsThat } from '../../actions/registry.ts';

/** SQL: `column` holds one of these kinds. A single kind is compared with `=`, because SQLite uses an index only then. */
function isOneOf(kinds: readonly ActionKind[]): (column: string) => string {
  const list = kinds.map(kind => `'${kind}'`);
  return column => (list.length === 1 ? `${column} = ${list[0]}` : `${column} IN (${list.join(', ')})`);
}

/** SQL: the kind begins an episode. */
export const opens = isOneOf(kindsThat(({ chain }) => chain.role === 'opens'));
/** SQL: the kind ends an episode. */
export const ends = isOneOf(kindsThat(({ chain }) => chain.role === 'ends'));
/** SQL: the kind belongs to an episode that it neither begins nor ends. */
export const joins = isOneOf(kindsThat(({ chain }) => chain.role === 'joins'));
/** SQL: the first delivered action of the kind holds what later ones of its chain add to. */
export const anchors = isOneOf(kindsThat(({ chain }) => chain.role === 'anchors'));
/** SQL: a decision of a person about this kind is one for the whole episode. */
export const isOfEpisode = isOneOf(kindsThat(({ decision }) => decision.unit === 'episode'));
/** SQL: an interval of a lane, which may not overlap another one. */
export const isInterval = isOneOf(kindsThat(({ times }) => times.areIntervals === true));
/** SQL: L2L receives the times of the kind. */
export const sendsTimes = isOneOf(kindsThat(({ times }) => times.areSent));

/** SQL: `open` is parked after a call, and came before `action` of the same machine and type. L2L may have it. */
export function isParkedBefore(open: string, action: string): string {
  return `${open}.state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow') AND ${open}.state = 'parked' AND ${opens(`${open}.kind`)}
    AND ${open}.call IS NOT NULL AND ${open}.lane = ${action}.lane AND ${open}.id < ${action}.id
    AND ${open}.destination = ${action}.destination
    AND json_extract(${open}.params, '$.type') = json_extract(${action}.params, '$.type')`;
}
