import { formatDuration } from '../core/fields.ts';
import type { CompiledRule, DispatchRule } from '../rules/program.ts';
import type { RuleDefaults } from '../rules/schema.ts';

/** What a dispatch rule does in the cases that are not the plain one. */
type Policy = Pick<DispatchRule, 'ifFoundOpen' | 'closeAdopted' | 'ifMissed' | 'ifClosedByPerson' | 'maxAge'>;

const MISSED: Readonly<Record<Policy['ifMissed'], string>> = {
  open_and_close: 'over before it could be sent: opened and closed all the same',
  add: 'over before it could be sent: sent as one finished dispatch',
  nothing: 'over before it could be sent: nothing is sent',
};

const CLOSED_BY_PERSON: Readonly<Record<Policy['ifClosedByPerson'], string>> = {
  wait: 'closed early by a person: nothing opens until the condition has cleared',
  reopen: 'closed early by a person: the next one opens after on_delay',
};

const IN_DOUBT: Readonly<Record<Exclude<CompiledRule['onUnknown'], 'park'>, string>> = {
  repeat: 'in doubt whether L2L took a call: sent again, may then be there twice',
  drop: 'in doubt whether L2L took a call: not sent again, may then be missing',
};

const ENDED: Readonly<Record<DispatchRule['whenCleared'], string>> = {
  close: 'closed',
  complete: 'completed',
  note: 'noted as over',
  leave: 'left to people',
};

/** What a dispatch does when neither its rule nor the file's defaults say anything. */
const BUILT_IN: Policy = {
  ifFoundOpen: 'leave',
  closeAdopted: false,
  ifMissed: 'open_and_close',
  ifClosedByPerson: 'wait',
  maxAge: null,
};

/** What `defaults:` changes for every dispatch, in plain words; empty when it changes nothing. */
export function defaultNotes(defaults: RuleDefaults): readonly string[] {
  return different(policyOf(defaults), BUILT_IN);
}

/** What a rule does otherwise than `defaults:` and this version say, in plain words; empty for most. */
export function ruleNotes(rule: CompiledRule, defaults: RuleDefaults): readonly string[] {
  const { renamedFrom, onUnknown, maxAge } = rule;
  return [
    ...(renamedFrom === null ? [] : [`goes on from ${renamedFrom}, its former name`]),
    ...(rule.kind === 'dispatch' ? different(rule, policyOf(defaults)) : maxAge === null ? [] : [ageWords(maxAge)]),
    ...(onUnknown === 'park' ? [] : [IN_DOUBT[onUnknown]]),
    ...(rule.kind === 'dispatch' && rule.onRemove === 'close'
      ? [`rule taken out of the file: its open dispatch is ${ENDED[rule.whenCleared]}`]
      : []),
  ];
}

function policyOf({ dispatch = {} }: RuleDefaults): Policy {
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
      return "a person's open dispatch stands for ours and is left to people";
    case 'open':
      return "ours opens beside a person's open dispatch";
    case 'adopt':
      return `a person's open dispatch becomes ours ${closeAdopted ? 'and is ended like ours' : 'and people close it'}`;
  }
}

function ageWords(maxAge: number | null): string {
  return maxAge === null
    ? 'what is old is sent all the same'
    : `what is older than ${formatDuration(maxAge)} is not sent any more`;
}
