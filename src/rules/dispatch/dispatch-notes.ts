import { ageWords } from '../common/rule-words.ts';
import type { DispatchDefaults, DispatchRule } from './dispatch-rule.ts';

/** What a dispatch rule does in special cases. */
type Policy = Pick<DispatchRule, 'ifFoundOpen' | 'closeAdopted' | 'ifMissed' | 'ifClosedByPerson' | 'maxAge'>;

const MISSED: Readonly<Record<Policy['ifMissed'], string>> = {
  open_and_close: 'the stop is over before the open is sent: L2L gets both',
  add: 'the stop is over before the open is sent: L2L gets one finished dispatch',
  nothing: 'the stop is over before the open is sent: L2L gets nothing',
};

const CLOSED_BY_PERSON: Readonly<Record<Policy['ifClosedByPerson'], string>> = {
  wait: 'a person closes the dispatch early: no other opens until the condition has cleared',
  reopen: 'a person closes the dispatch early: another opens after on_delay',
};

const ENDED: Readonly<Record<DispatchRule['whenCleared'], string>> = {
  close: 'closed',
  close_machine: 'closed',
  complete: 'completed',
  note: 'noted as over',
  leave: 'left to people',
};

/** For `check`: of every rule that sends closemachine. */
export const CLOSES_OF_PEOPLE = 'also closes what people opened';

/** Of the same rules, when the gateway does not read L2L. */
export const CLOSES_UNREAD =
  'nobody looks in L2L before the close, so it also closes a dispatch that was opened after the machine ran again';

/** The behaviour of a dispatch without settings in its rule or in `defaults:`. */
const BUILT_IN: Policy = {
  ifFoundOpen: 'leave',
  closeAdopted: false,
  ifMissed: 'open_and_close',
  ifClosedByPerson: 'wait',
  maxAge: null,
};

/** The changes of `defaults:` for every dispatch, in plain words; empty: none. */
export function dispatchDefaultNotes(defaults: DispatchDefaults | undefined): readonly string[] {
  return different(policyOf(defaults), BUILT_IN);
}

/** The differences of a dispatch rule from `defaults:` and from this version, in plain words; empty for most rules. */
export function dispatchNotes(rule: DispatchRule, defaults: DispatchDefaults | undefined): readonly string[] {
  const { onRemove, whenCleared } = rule;
  const closesAll = whenCleared === 'close_machine';
  return [
    ...(closesAll ? [CLOSES_OF_PEOPLE] : []),
    ...different(closesAll ? { ...rule, closeAdopted: true } : rule, policyOf(defaults)),
    ...(onRemove === 'close' ? [`when the rule is removed, its open dispatch is ${ENDED[whenCleared]}`] : []),
  ];
}

function policyOf(dispatch: DispatchDefaults = {}): Policy {
  return {
    ifFoundOpen: dispatch.if_found_open ?? BUILT_IN.ifFoundOpen,
    closeAdopted: dispatch.close_adopted ?? BUILT_IN.closeAdopted,
    ifMissed: dispatch.if_missed ?? BUILT_IN.ifMissed,
    ifClosedByPerson: dispatch.if_closed_by_person ?? BUILT_IN.ifClosedByPerson,
    maxAge: dispatch.max_age ?? BUILT_IN.maxAge,
  };
}

function different(policy: Policy, usual: Policy): readonly string[] {
  const known = new Set(policyWords(usual));
  return policyWords(policy).filter(words => !known.has(words));
}

function policyWords({ ifFoundOpen, closeAdopted, ifMissed, ifClosedByPerson, maxAge }: Policy): readonly string[] {
  return [
    foundWords(ifFoundOpen, closeAdopted),
    MISSED[ifMissed],
    CLOSED_BY_PERSON[ifClosedByPerson],
    ageWords(maxAge),
  ];
}

function foundWords(ifFoundOpen: Policy['ifFoundOpen'], closeAdopted: boolean): string {
  switch (ifFoundOpen) {
    case 'leave':
      return 'a person has an open dispatch: no other one opens, and people close it';
    case 'open':
      return 'a person has an open dispatch: another one opens beside it';
    case 'adopt':
      return `a person has an open dispatch: the gateway uses it, and ${closeAdopted ? 'ends it' : 'people close it'}`;
  }
}
