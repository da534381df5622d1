import { laneOf } from '../../actions/words.ts';
import { type ActionAuthor, expiryOf, unknownOf } from '../common/action-author.ts';
import { report, type Step } from '../common/step.ts';
import type { CyclesState } from './cycles-state.ts';

/** Makes the action for what is pending, for the machine and in the way it was counted for. */
export function makeCount(state: CyclesState, author: ActionAuthor, text: string, at: number, step: Step): void {
  const { machine, pending: count, from, to, chain } = state;
  state.flushes++;
  state.pending = 0;
  state.due = null;
  // The time keeps it apart from what was sent before a lost state, with which the numbers began anew.
  const key = `${author.name}#${state.flushes}@${Math.floor(to)}`;
  const common = {
    rule: author.name,
    at,
    time: state.time,
    mode: state.countedIn ?? step.mode,
    cause: author.cause(text),
  };
  step.actions.push(
    state.mode === 'total'
      ? {
          ...common,
          key: `${key}:total`,
          kind: 'set_cycles',
          chain,
          lane: laneOf('set_cycles', machine),
          params: { machine, movement: state.total, at: to },
          ...unknownOf(author),
        }
      : {
          ...common,
          key: `${key}:increment`,
          kind: 'increment_cycles',
          chain: null,
          lane: laneOf('increment_cycles', machine),
          params: { machine, count, from, to },
          ...expiryOf(author, at),
          ...unknownOf(author),
        },
  );
  report(step, author, at, 'counted', text);
}
