import { type ActionKind, kindsThat } from '../../actions/registry.ts';

/** SQL: what stands in `column` is one of these kinds. One kind is compared with `=`: an index on it is used only then. */
function isOneOf(kinds: readonly ActionKind[]): (column: string) => string {
  const list = kinds.map(kind => `'${kind}'`);
  return column => (list.length === 1 ? `${column} = ${list[0]}` : `${column} IN (${list.join(', ')})`);
}

/** SQL: the kind begins an episode. */
export const opens = isOneOf(kindsThat(({ chain }) => chain.role === 'opens'));
/** SQL: the kind ends an episode. */
export const ends = isOneOf(kindsThat(({ chain }) => chain.role === 'ends'));
/** SQL: the first delivered action of the kind holds what later ones of its chain add to. */
export const anchors = isOneOf(kindsThat(({ chain }) => chain.role === 'anchors'));
/** SQL: what a person decides about it is decided for its whole episode. */
export const isOfEpisode = isOneOf(kindsThat(({ decision }) => decision.unit === 'episode'));
/** SQL: an interval of a lane, which may not overlap another one. */
export const isInterval = isOneOf(kindsThat(({ times }) => times.areIntervals === true));
/** SQL: L2L receives the times of the kind. */
export const sendsTimes = isOneOf(kindsThat(({ times }) => times.areSent));
