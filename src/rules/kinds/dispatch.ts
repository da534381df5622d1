import { createDispatch } from '../dispatch/dispatch.ts';
import { DispatchState } from '../dispatch/dispatch-state.ts';
import { withChain } from '../dispatch/episode.ts';
import { endEpisode, leavesDispatch } from '../dispatch/former.ts';
import { forgetDelay, shiftDispatch } from '../dispatch/shift.ts';
import type { DispatchRule } from '../program.ts';
import { once, type RuleKind } from './kind.ts';

/** Opens a dispatch while its condition holds. */
export const dispatchKind = {
  kind: 'dispatch',
  state: DispatchState,
  references({ when, unless, until, reason, description }) {
    const conditions = [when, unless, until].filter(condition => condition !== null);
    const read = once(conditions.flatMap(condition => condition.signals));
    return {
      conditions: read,
      counters: [],
      signals: once([...read, ...(reason?.signals ?? []), ...description.signals]),
      sources: once(conditions.flatMap(condition => condition.sources)),
      rules: once(conditions.flatMap(condition => condition.rules)),
    };
  },
  create: createDispatch,
  upgrade: withChain,
  shift: shiftDispatch,
  forget: forgetDelay,
  isKept: leavesDispatch,
  end: endEpisode,
} satisfies RuleKind<DispatchRule, DispatchState>;
