import { laneOf } from '../../actions/words.ts';
import { type ActionAuthor, expiryOf, unknownOf } from '../common/action-author.ts';
import { report, type Step } from '../common/step.ts';
import type { CyclesState } from './cycles-state.ts';

/** Makes the action for the pending count, with the machine and the mode of the time when it was counted [C3]. */
export function makeCount(state: CyclesState, author: ActionAuthor, text: string, at: number, step: Step): void {
  const { machine, pending: count, from, to, chain } = state;
  state.flushes++;
  state.pending = 0;
  state.due = null;
  // The time in the key separates it from actions before a lost state, after which the numbers began again [R2].
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
