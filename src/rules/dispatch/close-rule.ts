import { z } from 'zod';
import { Code } from '../../core/fields.ts';
import type { RuleBase, Template } from '../program.ts';
import { besides } from '../schema-parts.ts';
import { type Acts, textsOf } from './acts.ts';
import { Comment, type ConditionAndDelays, Note } from './dispatch-rule.ts';
import { DispatchState } from './dispatch-state.ts';
import { closeMachineAction } from './episode.ts';

/** The section of a rule that closes what people opened. */
export const CloseSection = z
  .strictObject({
    machine: Code.meta({ description: 'Code of the machine', examples: ['PRESS-01'] }),
    type: Code.meta({ description: 'Code of the dispatch type', examples: ['CODE_RED'] }),
    note: Note.optional(),
    comment: Comment.optional(),
    ...besides('close'),
  })
  .meta({
    description:
      'Opens nothing. When the condition begins to hold, it closes every open dispatch of the machine and type, also what people opened (`dispatches/closemachine`)',
  });

/** Closes every dispatch of a machine and type when its condition begins to hold. */
export type CloseRule = RuleBase &
  ConditionAndDelays & {
    readonly kind: 'close';
    readonly machine: string;
    readonly type: string;
    readonly note: Template | null;
    readonly comment: Template | null;
  };

/** Its condition and its delays are stored as those of a dispatch rule. */
export const CloseState = DispatchState.extend({ kind: z.literal('close') });
export type CloseState = z.infer<typeof CloseState>;

export const asDispatchState = (state: CloseState): DispatchState => ({ ...state, kind: 'dispatch' });
export const asCloseState = (state: DispatchState): CloseState => ({ ...state, kind: 'close' });

/** A close rule closes when its episode begins. The end of the episode sends nothing: it makes the rule ready again. */
export function closeActs(rule: CloseRule): Acts {
  const { machine, type, maxAge } = rule;
  return {
    settings: { whenCleared: 'leave', closeAdopted: false, ifClosedByPerson: 'wait', onRemove: 'leave' },
    hasDispatch: false,
    begin({ author, lastGood }, { episode, delay, at, text }) {
      const { reported: completed } = episode;
      const end = { completed, texts: textsOf(rule, lastGood()), text };
      const action = closeMachineAction(episode, end, author, { at, time: delay.time });
      return { actions: [maxAge === null ? action : { ...action, expiresAt: completed + maxAge }], text };
    },
    end: () => [],
    words: {
      follows: `closes every dispatch ${type} of ${machine}`,
      none: 'nothing is closed',
      noneNow: 'nothing is closed',
      stays: 'the rule has closed already and waits for the end of its condition',
      done: at => `closed on ${at}`,
    },
  };
}
