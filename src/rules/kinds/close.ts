import type { z } from 'zod';
import type { ActionParams } from '../../actions/action.ts';
import { formatDuration } from '../../core/fields.ts';
import { ageWords } from '../common/rule-words.ts';
import {
  asCloseState,
  asDispatchState,
  type CloseRule,
  CloseSection,
  CloseState,
  closeActs,
} from '../dispatch/close-rule.ts';
import { createDispatch } from '../dispatch/dispatch.ts';
import { CLOSES_OF_PEOPLE, CLOSES_UNREAD } from '../dispatch/dispatch-notes.ts';
import { CONDITION_KEYS } from '../dispatch/dispatch-rule.ts';
import { forgetDelay, shiftDispatch } from '../dispatch/shift.ts';
import type { RuleBase } from '../program.ts';
import { compileConditions, conditionReferences } from './conditions.ts';
import { type CompileWith, once, type RuleKind } from './kind.ts';

/** Closes every dispatch of a machine and type when its condition begins to hold. It opens nothing. */
export const closeKind: RuleKind<CloseRule, CloseState, typeof CloseSection, typeof CONDITION_KEYS> = {
  kind: 'close',
  section: CloseSection,
  keys: CONDITION_KEYS,
  required: {
    when: 'write the condition, such as when: press1.running',
    on_delay: 'write how long it has to hold, such as on_delay: 10s, or 0s for at once',
  },
  conditions: ['when', 'unless', 'until'],
  target: 'machine',
  hasActive: true,
  compile: compileClose,
  describe: ({ type, machine, onDelay }) => ({
    what: `close every ${type} on ${machine}`,
    when: `closes ${onDelay === 0 ? 'at once' : `after ${formatDuration(onDelay)}`}`,
  }),
  notes: ({ maxAge }) => [CLOSES_OF_PEOPLE, ...(maxAge === null ? [] : [ageWords(maxAge)])],
  withoutReads: () => ({ key: ['close'], message: `l2l.reads: never: ${CLOSES_UNREAD}`, isWrong: false }),
  // Look, close.
  occasionalCalls: { plural: 'closes', most: 2, each: 'time its condition begins to hold' },
  codes: ({ machine, type }) => ({ machine, type }),
  recode: ({ machine, type }, { kind, params }) =>
    kind === 'close_machine' ? { ...(params as ActionParams['close_machine']), machine, type } : undefined,
  state: CloseState,
  countsOn: false,
  references(rule) {
    const { read, sources, rules } = conditionReferences(rule);
    const texts = [rule.note, rule.comment].flatMap(text => text?.signals ?? []);
    return { conditions: read, counters: [], signals: once([...read, ...texts]), sources, rules };
  },
  create({ rule, restored, ...parts }) {
    const run = createDispatch({
      ...parts,
      rule,
      acts: closeActs(rule),
      restored: restored && asDispatchState(restored),
    });
    const { state } = run;
    run.state = () => ({ ...state(), kind: 'close' });
    return run;
  },
  shift: (state, shift, sentMoves) => asCloseState(shiftDispatch(asDispatchState(state), shift, sentMoves)),
  forget(state, from) {
    const forgotten = forgetDelay(asDispatchState(state), from);
    return forgotten && asCloseState(forgotten);
  },
  // Nothing is open.
  end() {},
};

function compileClose(
  base: RuleBase,
  { machine, type, note, comment }: z.output<typeof CloseSection>,
  { keys, resolver }: CompileWith<typeof CONDITION_KEYS, z.ZodNever>,
): CloseRule | undefined {
  const path = ['rules', base.name];
  const conditions = compileConditions(path, keys, resolver);
  const onDelay = keys.on_delay ?? 0;
  if (base.maxAge !== null && base.maxAge <= onDelay) {
    const words = `has to be longer than on_delay (${formatDuration(onDelay)}): the close is that old when it is made`;
    resolver.refuse([...path, 'max_age'], words);
  }
  resolver.fixed([...path, 'close', 'machine'], machine);
  resolver.fixed([...path, 'close', 'type'], type);
  const texts = {
    note: note === undefined ? null : resolver.text([...path, 'close', 'note'], note),
    comment: comment === undefined ? null : resolver.text([...path, 'close', 'comment'], comment),
  };
  if (!conditions || texts.note === undefined || texts.comment === undefined) return undefined;
  return { ...base, ...conditions, kind: 'close', machine, type, note: texts.note, comment: texts.comment };
}
