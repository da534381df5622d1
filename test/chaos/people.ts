import type { Clock } from '../../src/core/clock.ts';
import { between, type Random } from '../../src/simulation/random.ts';
import type { L2lEdge } from './l2l.ts';
import type { PersonDeed } from './plan.ts';

/** What people did to our dispatches in L2L, by id. */
export type Meddled = { readonly closed: ReadonlySet<number>; readonly deleted: ReadonlySet<number> };

export interface People extends Meddled {
  meddle(deed: PersonDeed): void;
}

const MINUTE = 60_000;

/** Somebody at a screen of L2L, who may do with dispatches what people do. */
export function createPeople(clock: Clock, l2l: L2lEdge, random: Random): People {
  const closed = new Set<number>();
  const deleted = new Set<number>();
  const { dispatches, machines } = l2l.backend.data;

  function open(): void {
    const machine = machines[Math.floor(random() * machines.length)];
    if (!machine) return;
    const fields = { machinecode: machine.code, dispatchtypecode: 'DOWN', description: 'seen by kim' };
    if (!l2l.person('dispatches/open/', { ...fields, trade: 'MAINT', user: 'kim' })) return;
    const opened = dispatches.at(-1);
    const later = clock.now() + Math.round(between(random, MINUTE, 40 * MINUTE));
    clock.at(later, () => l2l.person(`dispatches/close/${opened?.id}`, {}));
  }

  return {
    closed,
    deleted,
    meddle(deed) {
      if (deed === 'open') return open();
      const ours = dispatches.filter(one => one.createdby === 'gateway' && one.closed === null && !one.deleted);
      const target = ours[Math.floor(random() * ours.length)];
      if (!target) return;
      switch (deed) {
        case 'close':
          if (l2l.person(`dispatches/close/${target.id}`, {})) closed.add(target.id);
          return;
        case 'delete':
          if (l2l.person(`dispatches/${target.id}`, { _action: 'delete' })) deleted.add(target.id);
          return;
        case 'change_type':
          l2l.person(`dispatches/changetype/${target.id}`, { dispatchtype_code: 'QUALITY' });
          return;
        case 'rewrite':
          l2l.person(`dispatches/add_comment/${target.id}`, { comment: 'looked at it' });
          return;
      }
    },
  };
}
