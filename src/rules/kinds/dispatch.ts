import type { z } from 'zod';
import type { ActionParams } from '../../actions/action.ts';
import { formatDuration } from '../../core/fields.ts';
import { createDispatch } from '../dispatch/dispatch.ts';
import { dispatchDefaultNotes, dispatchNotes } from '../dispatch/dispatch-notes.ts';
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
import { type CompileWith, once, type RuleKind } from './kind.ts';

type Section = z.output<typeof DispatchSection>;

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
  // Look, open, look, close.
  occasionalCalls: { plural: 'dispatches', most: 4, each: 'one that opens and closes' },
  codes: ({ machine, type, trade, reason }) => ({ machine, type, trade, reason }),
  recode(rule, { kind, params }, codeOf) {
    const { machine, type, trade } = rule;
    if (kind === 'close_dispatch') return { ...(params as ActionParams['close_dispatch']), machine, type };
    if (kind !== 'open_dispatch') return undefined;
    const { reason: oldReason, trade: _trade, ...old } = params as ActionParams['open_dispatch'];
    const found = rule.reason === null ? { code: null } : codeOf(rule.reason);
    const reason = found === undefined ? oldReason : (found.code ?? undefined);
    return { ...old, machine, type, ...(trade !== null && { trade }), ...(reason !== undefined && { reason }) };
  },
  state: DispatchState,
  countsOn: false,
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
};

const CLEARED_WORDS: Readonly<Record<DispatchRule['whenCleared'], string>> = {
  close: 'closes WHEN',
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
  const when = resolver.condition([...path, 'when'], keys.when ?? '');
  const unless = keys.unless === undefined ? null : resolver.condition([...path, 'unless'], keys.unless);
  const until = keys.until === undefined ? null : resolver.condition([...path, 'until'], keys.until);
  const onDelay = keys.on_delay ?? 0;
  if (onDelay === 0 && [when, unless, until].some(condition => condition && condition.still.length > 0)) {
    resolver.refuse([...path, 'on_delay'], '`still()` needs a time: write how long nothing has moved, such as 3m');
  }

  const maxAge = base.maxAge ?? defaults?.max_age ?? null;
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
  if (!when || unless === undefined || until === undefined || reason === undefined || !description) return undefined;

  return {
    ...base,
    kind: 'dispatch',
    maxAge,
    when,
    unless,
    until,
    onDelay,
    offDelay: keys.off_delay ?? 0,
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
