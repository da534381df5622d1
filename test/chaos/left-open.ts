import type { L2lEdge } from './l2l.ts';
import type { Plan } from './plan.ts';

/** Leaves dispatches open in L2L, like a gateway whose journal was lost. Returns their ids. */
export function leaveOpen({ former }: Pick<Plan, 'former'>, { person, backend }: L2lEdge): ReadonlySet<number> {
  const left = new Set<number>();
  for (const machinecode of former) {
    const description = 'stood still before the journal was lost [gw 0123456789]';
    person('dispatches/open/', { machinecode, dispatchtypecode: 'DOWN', description, trade: 'MAINT', user: 'gateway' });
    const id = backend.data.dispatches.at(-1)?.id;
    if (id !== undefined) left.add(id);
  }
  return left;
}
