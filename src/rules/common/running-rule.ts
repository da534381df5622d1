import type { Mode } from '../../actions/action.ts';
import type { CompiledRule } from '../program.ts';
import type { RuleView } from '../rule-view.ts';
import type { Step } from './step.ts';

/**
 * One running rule, with its state. It is deterministic and has no clock: all times that it takes and returns are by the clock that the
 * rule goes by, which may be behind the gateway's or ahead of it.
 */
export interface RunningRule {
  readonly rule: CompiledRule;
  /** When to call `fire` (ms since 1970); Infinity: not at all. */
  readonly due: number;
  /** `rule.active`. */
  readonly active: boolean;
  /** The open episode of a dispatch rule. */
  readonly episode: OpenEpisode | null;
  /** Evaluates the present signals. `at` may lie before the rule's own time, which never runs backwards. */
  evaluate(at: number, step: Step): void;
  /** Does the work that is due at `at`. Call it when `due` has come, with that time; each call moves `due` or does a part of the work. */
  fire(at: number, step: Step): void;
  /** The gateway saw nothing since `lastAlive`. */
  restart(lastAlive: number, at: number, step: Step): void;
  /** The process stood still and saw nothing in between. The last values hold again from `to` on. */
  standstill(from: number, to: number, step: Step): void;
  /** A person ended the dispatch of its open episode. */
  closedByPerson(at: number, step: Step): void;
  /** A source of the rule began or ended its catch-up. The rule's time stands still meanwhile. */
  hold(held: boolean, step: Step): void;
  /** The clock that the rule goes by is further behind, by so much (ms), than the rule assumed since the start. */
  setBack(by: number): void;
  /** Its timers wait for signals without a value since the start, at most until `until`. -Infinity: they wait no longer. */
  awaitSignals(until: number): void;
  /** Plain JSON. A rule that is started with it goes on as if nothing had happened. */
  state(): object;
  view(): RuleView;
}

/** The facts about an open episode that the engine needs. */
export type OpenEpisode = {
  readonly chain: string;
  readonly machine: string;
  readonly type: string;
  readonly mode: Mode;
  readonly ifClosedByPerson: 'wait' | 'reopen';
};

/** The members of a rule without a condition: it has no episode and no delay. */
export const WITHOUT_CONDITION = {
  active: false,
  episode: null,
  closedByPerson() {},
  setBack() {},
  awaitSignals() {},
} satisfies Partial<RunningRule>;
