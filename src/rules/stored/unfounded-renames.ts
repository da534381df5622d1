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

const NOTHING_MEANT = 'renamed_from names a rule of which the journal holds nothing: take it out, or mend the name';
const ANOTHER_MEANT =
  'renamed_from names a rule of which the journal holds nothing; rules that it does hold are gone from the config and taken as removed. If one of them was meant, mend the name and look in L2L for what it left open';
