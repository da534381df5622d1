import { z } from 'zod';
import type { OpenDispatchParams } from '../../actions/action.ts';
import { Code, Duration } from '../../core/fields.ts';
import type { CodeTemplate, Condition, RuleBase, Template } from '../program.ts';
import { besides, choice, Expression, elsewhereEach, MaxAge, TemplateText } from '../schema-parts.ts';
import type { Episode } from './episode.ts';

const WhenCleared = choice(['close', 'close_machine', 'complete', 'note', 'leave']).meta({
  description:
    'What the gateway does with its dispatch when the condition has cleared. `close`, `complete`: it ends the dispatch in this way. `close_machine`: it closes every open dispatch of this machine and type, also what people opened (`dispatches/closemachine`). `note`: it writes a comment, and people end the dispatch. `leave`: it does nothing',
  default: 'close',
});

export const Note = TemplateText.meta({
  description: 'Text of a note for each dispatch that is closed. The gateway fills in `{{ signal }}`',
  examples: ['running again'],
});

export const Comment = TemplateText.meta({
  description:
    'Text that L2L adds to the description of each dispatch that is closed. The gateway fills in `{{ signal }}`',
  examples: ['closed by the gateway'],
});

const IfFoundOpen = choice(['leave', 'adopt', 'open']).meta({
  description:
    'What the gateway does when a person already has an open dispatch of this machine and type. `leave`: it opens none, and never closes the dispatch of the person. `adopt`: it uses the dispatch of the person as its own. `open`: it opens its own beside it',
  default: 'leave',
});

const CloseAdopted = z.boolean('write true or false').meta({
  description:
    'Whether the gateway also ends an adopted dispatch when the condition has cleared. Only with `if_found_open: adopt`',
  default: false,
});

const IfMissed = choice(['open_and_close', 'add', 'nothing']).meta({
  description:
    'What L2L gets when the condition cleared before the gateway could send the open (an outage). `open_and_close`: both, with the true times. `add`: one finished dispatch. `nothing`: nothing',
  default: 'open_and_close',
});

const IfClosedByPerson = choice(['wait', 'reopen'], ['reopen']).meta({
  description:
    'What the gateway does when a person closes its dispatch while the condition still holds. `wait`: it opens no new dispatch until the condition has cleared once. `reopen`: it opens a new one when the condition holds for a whole `on_delay` after that',
  default: 'wait',
});

const Trade = Code.meta({
  description:
    "Code of the trade that is called. L2L's reference asks for a trade with every dispatch; a site may refuse a call without it",
  examples: ['MAINT'],
});

/** The defaults of every dispatch rule. */
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
  .meta({ description: 'Values for each dispatch rule that does not have the key itself' });
export type DispatchDefaults = z.output<typeof DispatchDefaults>;

/** The section of a rule that makes it a dispatch rule. */
export const DispatchSection = z
  .strictObject({
    machine: Code.meta({ description: 'Code of the machine', examples: ['PRESS-01'] }),
    type: Code.meta({ description: 'Code of the dispatch type', examples: ['DOWN'] }),
    trade: Trade.optional(),
    reason: TemplateText.optional().meta({
      description:
        'Code of the reason: a text, or a value of a lookup. Without a value the dispatch opens without a reason',
      examples: ['{{ press_faults[press1.faults].reason }}'],
    }),
    description: TemplateText.meta({
      description:
        'Text for people. The gateway fills in `{{ signal }}` and `{{ lookup[signal].column }}` when it makes the dispatch',
      examples: ['Oven 2 at {{ oven2.temp }} °C'],
    }),
    when_cleared: WhenCleared.optional(),
    if_found_open: IfFoundOpen.optional(),
    close_adopted: CloseAdopted.optional(),
    if_missed: IfMissed.optional(),
    if_closed_by_person: IfClosedByPerson.optional(),
    note: Note.optional(),
    comment: Comment.optional(),
    ...besides('dispatch'),
    ...elsewhereEach(
      ['on_delay', 'off_delay', 'on_remove'],
      key => `${key} is written in the rule itself, beside dispatch; move it one level up`,
    ),
  })
  .meta({ description: 'Opens one dispatch for each episode, and closes it' });

/** The keys of a rule with a condition, beside its section. */
export const CONDITION_KEYS = {
  when: Expression.optional().meta({
    description: 'The condition. Write what is true while something is wrong, such as `not press1.running`',
  }),
  unless: Expression.optional().meta({
    description: 'While this holds, no new dispatch opens and `on_delay` starts again. An open dispatch stays open',
  }),
  until: Expression.optional().meta({
    description: 'The condition that ends the episode. Default: `when` no longer holds',
  }),
  on_delay: Duration.optional().meta({
    description:
      'How long the condition must hold before the dispatch opens. Required, also when it is `0s`. L2L gets the time at which the condition became true, not the end of the delay',
    examples: ['2m', '0s'],
  }),
  off_delay: Duration.optional().meta({
    description: 'How long the end must hold before the dispatch closes. L2L gets the time at which the end began',
    default: '0s',
    examples: ['30s'],
  }),
};

/** The keys of a dispatch rule beside its section. */
export const DISPATCH_KEYS = {
  ...CONDITION_KEYS,
  on_remove: choice(['leave', 'close']).optional().meta({
    description:
      'What happens to an open dispatch when you delete the rule. `leave`: it stays open, and the log names the rule. `close`: the gateway ends it as `when_cleared` says',
    default: 'leave',
  }),
  ...elsewhereEach(
    ['when_cleared', 'if_found_open', 'close_adopted', 'if_missed', 'if_closed_by_person'],
    key => `${key} belongs to the dispatch; move it one level down, into dispatch: { … }`,
  ),
};

/** The settings of adopted dispatches need a rule that adopts. */
export function checkAdoption(
  dispatch: { readonly close_adopted?: unknown; readonly if_found_open?: unknown },
  context: z.RefinementCtx,
): void {
  if (dispatch.close_adopted === undefined || dispatch.if_found_open === 'adopt') return;
  context.addIssue({ code: 'custom', path: ['close_adopted'], message: NOT_ADOPTED });
}

/** The warning about `close_adopted` in a rule that adopts nothing. */
export const NOT_ADOPTED =
  "a person's dispatch is only ever closed where it was adopted; write if_found_open: adopt too, or take close_adopted out";

/** When a rule with a condition acts. Delays in ms. */
export type ConditionAndDelays = {
  readonly when: Condition;
  readonly unless: Condition | null;
  /** null: until = not when. */
  readonly until: Condition | null;
  readonly onDelay: number;
  readonly offDelay: number;
};

/** Opens a dispatch while its condition holds. */
export type DispatchRule = RuleBase &
  ConditionAndDelays & {
    readonly kind: 'dispatch';
    readonly machine: string;
    readonly type: string;
    readonly trade: string | null;
    /** If it has no value (a lookup without that key, a signal that was never good), the dispatch opens without a reason. */
    readonly reason: CodeTemplate | null;
    readonly description: Template;
    readonly whenCleared: Episode['whenCleared'];
    /** Only with `close_machine`. */
    readonly note: Template | null;
    readonly comment: Template | null;
    readonly ifFoundOpen: OpenDispatchParams['ifFoundOpen'];
    readonly closeAdopted: boolean;
    readonly ifMissed: NonNullable<OpenDispatchParams['ifMissed']>;
    /** wait: the episode goes on without a dispatch. reopen: it is over, and the condition can open the next one. */
    readonly ifClosedByPerson: 'wait' | 'reopen';
    /** What happens to an open dispatch when the rule is removed from the config [R4]. */
    readonly onRemove: 'leave' | 'close';
  };
