import { z } from 'zod';
import type { CloseDispatchParams, OpenDispatchParams } from '../../actions/action.ts';
import { Code } from '../../core/code.ts';
import { Duration } from '../../core/fields.ts';
import type { CodeTemplate, Condition, RuleBase, Template } from '../program.ts';
import { besides, choice, Expression, elsewhereEach, MaxAge, TemplateText } from '../schema-parts.ts';

const WhenCleared = choice(['close', 'complete', 'note', 'leave']).meta({
  description:
    'What becomes of our dispatch when the condition has cleared: close it, complete it, note in a comment that it is over and leave the rest to people, or leave it to people',
  default: 'close',
});

const IfFoundOpen = choice(['leave', 'adopt', 'open']).meta({
  description:
    "When a person's dispatch of this machine and type is open already. leave: it stands for ours and is never closed by us; adopt: it becomes ours; open: ours is opened beside it",
  default: 'leave',
});

const CloseAdopted = z.boolean('write true or false').meta({
  description:
    "Whether a person's dispatch that was adopted is ended too when the condition has cleared; only with if_found_open: adopt",
  default: false,
});

const IfMissed = choice(['open_and_close', 'add', 'nothing']).meta({
  description:
    'When the condition had cleared before the dispatch could be sent. open_and_close: it is opened and closed all the same, with its true times; add: it is sent as one finished dispatch; nothing: nothing is sent',
  default: 'open_and_close',
});

const IfClosedByPerson = choice(['wait', 'reopen'], ['reopen']).meta({
  description:
    'When a person closes our dispatch early. wait: nothing is opened until the condition has cleared once; reopen: the next one is opened when the condition holds for on_delay after that',
  default: 'wait',
});

const Trade = Code.meta({
  description: "Code of the trade that is called; L2L's reference asks for one with every dispatch",
  examples: ['MAINT'],
});

/** What every dispatch rule takes where it says nothing itself. */
export const DispatchDefaults = z
  .strictObject({
    trade: Trade.optional(),
    when_cleared: WhenCleared.optional(),
    if_found_open: IfFoundOpen.optional(),
    close_adopted: CloseAdopted.optional(),
    if_missed: IfMissed.optional(),
    if_closed_by_person: IfClosedByPerson.optional(),
    max_age: MaxAge.optional(),
    ...elsewhereEach(
      ['on_unknown', 'on_remove', 'on_delay', 'off_delay'],
      key => `${key} has no default for all rules; write it in each rule that needs it`,
    ),
  })
  .superRefine(checkAdoption, { when: ({ value }) => typeof value === 'object' && value !== null })
  .meta({ description: 'For every dispatch that does not say it itself' });
export type DispatchDefaults = z.output<typeof DispatchDefaults>;

/** The section of a rule that makes it a dispatch rule. */
export const DispatchSection = z
  .strictObject({
    machine: Code.meta({ description: 'Code of the machine', examples: ['PRESS-01'] }),
    type: Code.meta({ description: 'Code of the dispatch type', examples: ['DOWN'] }),
    trade: Trade.optional(),
    reason: TemplateText.optional().meta({
      description:
        'Code of the reason: text, or from a lookup; without a value the dispatch is opened without a reason',
      examples: ['{{ press_faults[press1.faults].reason }}'],
    }),
    description: TemplateText.meta({
      description:
        'What people read; {{ signal }} and {{ lookup[signal].field }} are filled in when the dispatch is made',
      examples: ['Oven 2 at {{ oven2.temp }} °C'],
    }),
    when_cleared: WhenCleared.optional(),
    if_found_open: IfFoundOpen.optional(),
    close_adopted: CloseAdopted.optional(),
    if_missed: IfMissed.optional(),
    if_closed_by_person: IfClosedByPerson.optional(),
    ...besides('dispatch'),
    ...elsewhereEach(
      ['on_delay', 'off_delay', 'on_remove'],
      key => `${key} is written in the rule itself, beside dispatch; move it one level up`,
    ),
  })
  .meta({ description: 'Opens a dispatch while the condition holds' });

/** The keys of a dispatch rule beside its section. */
export const DISPATCH_KEYS = {
  when: Expression.optional().meta({
    description: 'The condition; write what is true while something is wrong, such as not press1.running',
  }),
  unless: Expression.optional().meta({
    description: 'While this holds nothing new opens and on_delay starts anew; what is open stays open',
  }),
  until: Expression.optional().meta({ description: 'Ends the condition; left out: when `when` no longer holds' }),
  on_delay: Duration.optional().meta({
    description: 'How long the condition has to hold before it acts; required, 0s too',
    examples: ['2m', '0s'],
  }),
  off_delay: Duration.optional().meta({
    description: 'How long it has to be gone before it counts as cleared',
    default: '0s',
    examples: ['30s'],
  }),
  on_remove: choice(['leave', 'close']).optional().meta({
    description:
      'What becomes of an open dispatch when this rule is not in the config any more. leave: it stays open and is listed; close: it is ended as when_cleared says',
    default: 'leave',
  }),
  ...elsewhereEach(
    ['when_cleared', 'if_found_open', 'close_adopted', 'if_missed', 'if_closed_by_person'],
    key => `${key} belongs to the dispatch; move it one level down, into dispatch: { … }`,
  ),
};

/** What is said of adopted dispatches is for those who adopt. */
export function checkAdoption(
  dispatch: { readonly close_adopted?: unknown; readonly if_found_open?: unknown },
  context: z.RefinementCtx,
): void {
  if (dispatch.close_adopted === undefined || dispatch.if_found_open === 'adopt') return;
  context.addIssue({ code: 'custom', path: ['close_adopted'], message: NOT_ADOPTED });
}

/** Said of `close_adopted` where nothing is adopted. */
export const NOT_ADOPTED =
  "a person's dispatch is only ever closed where it was adopted; write if_found_open: adopt too, or take close_adopted out";

/** Opens a dispatch while its condition holds. Delays in ms. */
export type DispatchRule = RuleBase & {
  readonly kind: 'dispatch';
  readonly when: Condition;
  readonly unless: Condition | null;
  /** null: until = not when. */
  readonly until: Condition | null;
  readonly onDelay: number;
  readonly offDelay: number;
  readonly machine: string;
  readonly type: string;
  readonly trade: string | null;
  /** Missing (a lookup without that key, a signal never good): the dispatch is opened without a reason. */
  readonly reason: CodeTemplate | null;
  readonly description: Template;
  readonly whenCleared: CloseDispatchParams['how'];
  readonly ifFoundOpen: OpenDispatchParams['ifFoundOpen'];
  readonly closeAdopted: boolean;
  readonly ifMissed: NonNullable<OpenDispatchParams['ifMissed']>;
  /** wait: the episode goes on without a dispatch. reopen: it is over, and the condition can open the next one. */
  readonly ifClosedByPerson: 'wait' | 'reopen';
  /** What becomes of an open dispatch when the rule is not configured any more. */
  readonly onRemove: 'leave' | 'close';
};
