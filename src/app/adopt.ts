import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { type Adopted, adoptJournal } from '../journal/identity/adopt.ts';
import { COUNTING_KINDS } from '../rules/about-rules.ts';

/**
 * Makes the copied or restored journal of a data folder the one that runs here; with `unmoved` also one that nothing distinguishes from
 * the original. Throws a StartError when it can't.
 */
export function adopt(folder: string, unmoved: boolean | undefined, clock: Clock, log: Logger): Adopted {
  return adoptJournal({ folder, now: clock.now(), log, counting: COUNTING_KINDS, unmoved });
}
