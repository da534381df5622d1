import { formatDuration } from '../../core/fields.ts';
import type { SignalCell } from '../common/signal-table.ts';
import type { DispatchRule } from './dispatch-rule.ts';

/** The facts for the texts about the beginning and the end of an episode. */
export type Seen = {
  readonly when: DispatchRule['when'];
  readonly cells: readonly SignalCell[];
  /** The rule watches one single signal for standing still. */
  readonly isStill: boolean;
};

/** The reason why it opened, in one sentence. */
export function openedWords({ when, cells, isStill }: Seen, lasted: number): string {
  const length = forWords(lasted);
  const [only] = cells;
  if (only !== undefined && cells.length === 1) {
    if (isStill) return `${only.definition.name} stood still${length}`;
    if (typeof only.value === 'boolean') return `${only.definition.name} was ${only.value}${length}`;
  }
  return `${when.text} was true${length}`;
}

/** Why it ended: the values of its signals, if they are few. */
export function endedWords({ when, cells, isStill }: Seen): string {
  const [only] = cells;
  if (only !== undefined && cells.length === 1 && isStill) return `${only.definition.name} moved again`;
  if (cells.length === 0 || cells.length > 3) return `${when.text} no longer held`;
  return cells.map(({ definition, value }) => `${definition.name} = ${value ?? 'unknown'}`).join(', ');
}

type Conditions = Pick<DispatchRule, 'when' | 'unless' | 'until'>;

/** The condition that the rule waits for: to open, or to clear. `done`: what it did while it is active. */
export function awaitedWords({ when, unless, until }: Conditions, done: string | null): string {
  if (done !== null) return `${done}; ${until ? until.text : `not (${when.text})`}`;
  return `${when.text}${unless ? ` unless ${unless.text}` : ''}`;
}

/** ` for 2m`; empty for 0. */
export function forWords(lasted: number): string {
  return lasted > 0 ? ` for ${formatDuration(lasted)}` : '';
}
