import type { Mode } from '../actions/action.ts';
import type { CompiledRule } from './program.ts';

/** A rule as the status page shows it. */
export type RuleView = {
  readonly rule: string;
  readonly kind: CompiledRule['kind'];
  /** `counting`: a rule without a condition. */
  readonly phase: 'inactive' | 'pending' | 'active' | 'clearing' | 'counting';
  /** Since when the phase's condition holds (ms since 1970). */
  readonly since: number | null;
  /** When its next timer ends (ms since 1970). */
  readonly due: number | null;
  /** Its state, in one plain sentence. */
  readonly text: string;
  /** The open episode of a dispatch rule. */
  readonly episode?: { readonly chain: string; readonly mode: Mode } | null;
};
