import type { Clock } from '../../src/core/clock.ts';
import type { L2lFault } from './l2l-faults.ts';
import type { Entry } from './ledger.ts';
import type { Plan } from './plan.ts';

/** A call that ended the gateway this often is not sent any more. */
const CRASHES = 5;

/**
 * An open that ends the gateway whenever it leaves. L2L gets none of the requests, except perhaps the last one. The gateway cannot know
 * whether that one opened a dispatch.
 * @param kill the gateway dies as soon as the request has left
 */
export function createDeadly(deadly: Plan['deadly'], clock: Clock, kill: () => void) {
  let victim: string | undefined;
  let crashes = 0;

  return {
    onLeave({ method, path, keys: [key] }: Entry): L2lFault | null {
      if (!deadly || clock.now() < deadly.from || method !== 'POST' || !path.endsWith('dispatches/open/')) return null;
      if (!key?.startsWith(ruleOf(deadly.machine))) return null;
      victim ??= key;
      if (key !== victim || crashes === CRASHES) return null;
      crashes += 1;
      kill();
      return crashes < CRASHES ? 'lost' : null;
    },
  };
}

/** Rules have the name of their machine: `PRESS-01` has press1_down. */
function ruleOf(machine: string): string {
  return `${machine.toLowerCase().replace(/-0*/, '')}_`;
}
