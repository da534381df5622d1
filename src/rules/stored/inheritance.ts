import { report, type Step } from '../common/step.ts';
import { ruleKind } from '../kinds/registry.ts';
import type { CompiledRule } from '../program.ts';
import { readState, readStateFor, type StoredState } from './stored-state.ts';

/** The stored states of earlier processes: for rules that go on from them, and of rules that were removed. */
export interface Inheritance {
  /** The state that a rule goes on from: its own, or that of its former name. */
  of(rule: string): StoredState | null;
  /** States of rules that are not in the config, by name, as JSON text. */
  readonly orphans: ReadonlyMap<string, string>;
  /** Ends, once at the start, the states that no rule goes on from. Orphans whose dispatch has to stay open remain. */
  settle(lastAlive: number, at: number, step: Step): void;
}

/** `states`: JSON text by rule. Throws StartError when it can't read a state that a rule of the config needs. */
export function createInheritance(rules: readonly CompiledRule[], states: ReadonlyMap<string, string>): Inheritance {
  const configured = new Set(rules.map(rule => rule.name));
  const orphans = new Map([...states].filter(([name]) => !configured.has(name)));
  const inherited = new Map<string, StoredState>();
  const renamed = new Map<string, string>();
  /** States of rules whose names now belong to rules of another kind. */
  const replaced = new Map<string, string>();

  for (const rule of rules) {
    const stored = states.has(rule.name) ? rule.name : rule.renamedFrom;
    const text = stored === null ? undefined : states.get(stored);
    if (stored === null || text === undefined) continue;
    const state = readStateFor(rule, stored, text);
    if (state === undefined) {
      if (stored === rule.name) replaced.set(stored, text);
      continue;
    }
    inherited.set(rule.name, state);
    if (stored === rule.name) continue;
    renamed.set(rule.name, stored);
    orphans.delete(stored);
  }

  return {
    of: rule => inherited.get(rule) ?? null,
    orphans,
    settle(lastAlive, at, step) {
      for (const [rule, stored] of renamed) {
        step.changed.add(rule);
        step.forgotten.add(stored);
      }
      for (const [rule, text] of replaced) {
        const state = readState(rule, text);
        if (state !== undefined) ruleKind(state.kind).end(rule, state, lastAlive, at, step);
        else
          report(
            step,
            { name: rule },
            at,
            'removed',
            'what it left as another kind of rule is of another version: forgotten',
          );
        step.changed.add(rule);
      }
      for (const [rule, text] of [...orphans]) {
        const state = readState(rule, text);
        if (state === undefined || ruleKind(state.kind).isKept?.(state)) continue;
        ruleKind(state.kind).end(rule, state, lastAlive, at, step);
        // What was logged of it is no state to be written: the rule does not run any more.
        step.changed.delete(rule);
        step.forgotten.add(rule);
        orphans.delete(rule);
      }
      renamed.clear();
      replaced.clear();
    },
  };
}
