import type { Logger } from '../../core/logger.ts';
import type { CompiledRule } from '../program.ts';
import { createInheritance } from './inheritance.ts';
import { parseState } from './stored-state.ts';

/**
 * Logs the rules that begin with an empty state although they have `renamed_from`. Either the name is mistyped, or that rule never did
 * anything and nothing is lost. `states`: of the last process.
 */
export function reportUnfoundedRenames(
  rules: readonly CompiledRule[],
  states: ReadonlyMap<string, string>,
  log: Logger,
): void {
  const { orphans } = createInheritance(rules, states);
  const removed = [...orphans].map(([name, text]) => ({ name, kind: parseState(text)?.kind }));
  for (const { name: rule, kind, renamedFrom } of rules) {
    if (renamedFrom === null || states.has(rule) || states.has(renamedFrom)) continue;
    const gone = removed.filter(left => left.kind === kind).map(({ name }) => name);
    if (gone.length === 0) log.info({ rule, renamedFrom }, NOTHING_MEANT);
    else log.warn({ rule, renamedFrom, gone }, ANOTHER_MEANT);
  }
}

const NOTHING_MEANT = 'the journal has no rule of the name in renamed_from: take the key out, or correct the name';
const ANOTHER_MEANT =
  'the journal has no rule of the name in renamed_from, but it has rules that are not in the config any more, and these count as removed. If one of them was meant, correct the name, and look in L2L for a dispatch that it left open';
