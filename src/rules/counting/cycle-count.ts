import { laneOf } from '../../actions/words.ts';
import { type Step, tell } from '../engine/step.ts';
import { expiryOf, type Teller, unknownOf } from '../engine/teller.ts';
import type { CyclesState } from './cycles-state.ts';

/** Tells what is pending, for the machine and in the way it was counted for. */
export function tellPending(state: CyclesState, teller: Teller, text: string, at: number, step: Step): void {
  const { machine, pending: count, from, to, chain } = state;
  state.flushes++;
  state.pending = 0;
  state.due = null;
  // The time keeps it apart from what was sent before a lost state, with which the numbers began anew.
  const key = `${teller.name}#${state.flushes}@${Math.floor(to)}`;
  const common = {
    rule: teller.name,
    at,
    time: state.time,
    mode: state.countedIn ?? step.mode,
    cause: teller.cause(text),
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
          ...unknownOf(teller),
        }
      : {
          ...common,
          key: `${key}:increment`,
          kind: 'increment_cycles',
          chain: null,
          lane: laneOf('increment_cycles', machine),
          params: { machine, count, from, to },
          ...expiryOf(teller, at),
          ...unknownOf(teller),
        },
  );
  tell(step, teller, at, 'counted', text);
}
