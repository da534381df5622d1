import type { z } from 'zod';
import type { ActionParams } from '../../actions/action.ts';
import { formatDuration } from '../../core/fields.ts';
import type { Resolver } from '../compile/resolve.ts';
import { dispatchActs } from '../dispatch/acts.ts';
import { createDispatch } from '../dispatch/dispatch.ts';
import { CLOSES_UNREAD, dispatchDefaultNotes, dispatchNotes } from '../dispatch/dispatch-notes.ts';
import {
  DISPATCH_KEYS,
  DispatchDefaults,
  type DispatchRule,
  DispatchSection,
  NOT_ADOPTED,
} from '../dispatch/dispatch-rule.ts';
import { DispatchState } from '../dispatch/dispatch-state.ts';
import { withChain } from '../dispatch/episode.ts';
import { endEpisode, leavesDispatch } from '../dispatch/former.ts';
import { forgetDelay, shiftDispatch } from '../dispatch/shift.ts';
import type { RuleBase } from '../program.ts';
import { compileConditions, conditionReferences } from './conditions.ts';
import { type CompileWith, once, type RuleKind } from './kind.ts';

type Section = z.output<typeof DispatchSection>;

/** Without reads of L2L. */
const REOPENS_NOT = 'nobody notices that a person closed the dispatch, so if_closed_by_person: reopen does nothing';

/** Opens a dispatch while its condition holds. */
export const dispatchKind: RuleKind<
  DispatchRule,
  DispatchState,
  typeof DispatchSection,
  typeof DISPATCH_KEYS,
  typeof DispatchDefaults
> = {
  kind: 'dispatch',
  section: DispatchSection,
  keys: DISPATCH_KEYS,
  required: {
    when: 'write the condition, such as when: not press1.running',
    on_delay: 'write how long it has to hold, such as on_delay: 2m, or 0s for at once',
  },
  conditions: ['when', 'unless', 'until'],
  standIn: {
    keys: { when: '1 = 1', on_delay: 1000 },
    section: { machine: 'none', type: 'none', description: 'none' },
  },
  defaults: DispatchDefaults,
  target: 'machine',
  hasActive: true,
  compile: compileDispatch,
  describe({ type, machine, trade, onDelay, offDelay, whenCleared }) {
    const cleared = CLEARED_WORDS[whenCleared].replace('WHEN', after(offDelay));
    return {
      what: `dispatch ${type} on ${machine}${trade === null ? '' : `, trade ${trade}`}`,
      when: `opens ${after(onDelay)}, ${cleared}`,
    };
  },
  notes: dispatchNotes,
  defaultNotes: dispatchDefaultNotes,
  warning: ({ name, trade }) =>
    trade === null
      ? {
          key: ['dispatch'],
          message: `${name}.dispatch: no trade is written, neither here nor under defaults; L2L's reference asks for one with every dispatch; write such as trade: MAINT`,
        }
      : undefined,
  withoutReads({ ifClosedByPerson, whenCleared }) {
    const weaker = [
      ...(whenCleared === 'close_machine' ? [CLOSES_UNREAD] : []),
      ...(ifClosedByPerson === 'reopen' ? [REOPENS_NOT] : []),
    ];
    if (weaker.length === 0) return undefined;
    return { key: ['dispatch'], message: `l2l.reads: never: ${weaker.join('; ')}`, isWrong: false };
  },
  // Look, open, look, close.
  occasionalCalls: { plural: 'dispatches', most: 4, each: 'one that opens and closes' },
  codes: ({ machine, type, trade, reason }) => ({ machine, type, trade, reason }),
  recode(rule, { kind, params }, codeOf) {
    const { machine, type, trade } = rule;
    if (kind === 'close_dispatch') return { ...(params as ActionParams['close_dispatch']), machine, type };
    if (kind === 'close_machine') return { ...(params as ActionParams['close_machine']), machine, type };
    if (kind !== 'open_dispatch') return undefined;
    const { reason: oldReason, trade: _trade, ...old } = params as ActionParams['open_dispatch'];
    const found = rule.reason === null ? { code: null } : codeOf(rule.reason);
    const reason = found === undefined ? oldReason : (found.code ?? undefined);
    return { ...old, machine, type, ...(trade !== null && { trade }), ...(reason !== undefined && { reason }) };
  },
  state: DispatchState,
  countsOn: false,
  references(rule) {
    const { read, sources, rules } = conditionReferences(rule);
    const texts = [rule.reason, rule.description, rule.note, rule.comment].flatMap(text => text?.signals ?? []);
    return { conditions: read, counters: [], signals: once([...read, ...texts]), sources, rules };
  },
  create: parts => createDispatch({ ...parts, acts: dispatchActs(parts.rule) }),
  upgrade: withChain,
  shift: shiftDispatch,
  forget: forgetDelay,
  isKept: leavesDispatch,
  end: endEpisode,
};

const CLEARED_WORDS: Readonly<Record<DispatchRule['whenCleared'], string>> = {
  close: 'closes WHEN',
  close_machine: 'closes every one of its type WHEN',
  complete: 'completes WHEN',
  note: 'notes its end WHEN',
  leave: 'is left to people',
};

function after(delay: number): string {
  return delay === 0 ? 'at once' : `after ${formatDuration(delay)}`;
}

function compileDispatch(
  base: RuleBase,
  section: Section,
  { keys, defaults, resolver }: CompileWith<typeof DISPATCH_KEYS, typeof DispatchDefaults>,
): DispatchRule | undefined {
  const dispatch = { ...defaults, ...section };
  const path = ['rules', base.name];
  const conditions = compileConditions(path, keys, resolver);
  const maxAge = base.maxAge ?? defaults?.max_age ?? null;
  const onDelay = keys.on_delay ?? 0;
  if (maxAge !== null && maxAge <= onDelay) {
    const words = `has to be longer than on_delay (${formatDuration(onDelay)}): the dispatch is that old when it is opened`;
    resolver.refuse([...path, 'max_age'], words);
  }

  const ifFoundOpen = dispatch.if_found_open ?? 'leave';
  if (section.close_adopted !== undefined && ifFoundOpen !== 'adopt') {
    resolver.refuse([...path, 'dispatch', 'close_adopted'], NOT_ADOPTED);
  }
  const whenCleared = dispatch.when_cleared ?? 'close';
  if (keys.on_remove === 'close' && whenCleared === 'leave') {
    resolver.refuse(
      [...path, 'on_remove'],
      'close ends a dispatch as when_cleared says, and that is leave; take it out',
    );
  }

  const { machine, type, trade = null } = dispatch;
  resolver.fixed([...path, 'dispatch', 'machine'], machine);
  resolver.fixed([...path, 'dispatch', 'type'], type);
  if (trade !== null) resolver.fixed([...path, 'dispatch', 'trade'], trade);
  const reason = dispatch.reason === undefined ? null : resolver.code([...path, 'dispatch', 'reason'], dispatch.reason);
  const description = resolver.text([...path, 'dispatch', 'description'], dispatch.description);
  const texts = noteAndComment(path, dispatch, whenCleared, resolver);
  if (!conditions || reason === undefined || !description || !texts) return undefined;

  return {
    ...base,
    kind: 'dispatch',
    maxAge,
    ...conditions,
    ...texts,
    machine,
    type,
    trade,
    reason,
    description,
    whenCleared,
    ifFoundOpen,
    closeAdopted: ifFoundOpen === 'adopt' && (dispatch.close_adopted ?? false),
    ifMissed: dispatch.if_missed ?? 'open_and_close',
    ifClosedByPerson: dispatch.if_closed_by_person ?? 'wait',
    onRemove: keys.on_remove ?? 'leave',
  };
}

/** The texts for dispatches that are closed with the machine; undefined: the resolver has noted what is wrong with them. */
function noteAndComment(
  path: readonly string[],
  dispatch: Pick<Section, 'note' | 'comment'>,
  whenCleared: DispatchRule['whenCleared'],
  resolver: Resolver,
): Pick<DispatchRule, 'note' | 'comment'> | undefined {
  const compiled = (['note', 'comment'] as const).map(key => {
    const text = dispatch[key];
    if (text === undefined) return null;
    if (whenCleared === 'close_machine') return resolver.text([...path, 'dispatch', key], text);
    return resolver.refuse(
      [...path, 'dispatch', key],
      `${key} is only sent with when_cleared: close_machine; write that too, or take ${key} out`,
    );
  });
  const [note, comment] = compiled;
  return note === undefined || comment === undefined ? undefined : { note, comment };
}
