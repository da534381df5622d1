import { z } from 'zod';
import { type Random, seededRandom } from '../random.ts';

/** Whether the call took effect before its answer was spoilt. */
const When = z.enum(['before', 'after']).default('before');

const Kind = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('slow'), ms: z.int().positive() }),
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    /** Seconds; left out: no Retry-After header. */
    retryAfter: z.int().nonnegative().optional(),
    when: When,
  }),
  z.strictObject({ kind: z.literal('reset'), when: When }),
  /** Holds the call and applies it after `ms`, whether or not the caller still waits. */
  z.strictObject({ kind: z.literal('hang'), ms: z.int().positive() }),
  z.strictObject({ kind: z.literal('refuse'), error: z.string().default('Problem with the request') }),
  /** An HTML page in place of JSON. */
  z.strictObject({
    kind: z.literal('html'),
    status: z.int().min(200).max(599).default(200),
    page: z.enum(['login', 'maintenance']).default('login'),
    when: When,
  }),
  /** HTTP 302 to a login page. */
  z.strictObject({ kind: z.literal('redirect'), when: When }),
  /** Nobody listens for `ms`: connections are refused. */
  z.strictObject({ kind: z.literal('away'), ms: z.int().positive() }),
]);

const Scope = z.object({
  /** What people call it; left out: it is known by its kind only. */
  name: z.string().optional(),
  /** Part of the path, such as `dispatches/open`; left out: every call. */
  path: z.string().optional(),
  method: z.enum(['GET', 'POST']).optional(),
  /** Chance that it strikes a call it fits. */
  probability: z.number().min(0).max(1).default(1),
  /** How many calls it strikes before it is over; left out: no end. */
  count: z.int().positive().optional(),
});

/** One way in which the sandbox misbehaves, for which calls, how often. */
export const Fault = z.record(z.string(), z.unknown()).transform((fields, context) => {
  const { name, path, method, probability, count, ...rest } = fields;
  const scope = Scope.safeParse({ name, path, method, probability, count });
  const kind = Kind.safeParse(rest);
  for (const result of [scope, kind]) {
    for (const issue of result.error?.issues ?? []) {
      context.issues.push({ code: 'custom', input: fields, path: issue.path, message: issue.message });
    }
  }
  return scope.success && kind.success ? { ...kind.data, ...scope.data } : z.NEVER;
});
export type Fault = z.output<typeof Fault>;
export type FaultInput = z.input<typeof Kind> & z.input<typeof Scope>;

export type FaultInForce = Fault & { readonly struck: number };

/** Faults in force. The first that fits and whose chance comes up strikes; `slow` adds to whatever else strikes. */
export interface Faults {
  list(): readonly FaultInForce[];
  /** Takes the place of all faults in force; a seed starts chance anew. */
  set(faults: readonly Fault[], seed?: number): void;
  /** Adds one to those in force. */
  add(fault: Fault): void;
  /** Ends every fault that is meant and leaves the others as they are. */
  end(isMeant: (fault: Fault) => boolean): void;
  judge(method: string, path: string): { readonly slow: number; readonly fault: Fault | undefined };
}

export function faults(seed: number): Faults {
  let random: Random = seededRandom(seed);
  let inForce: { fault: Fault; struck: number }[] = [];
  return {
    list: () => inForce.map(({ fault, struck }) => ({ ...fault, struck })),
    set(next, newSeed) {
      if (newSeed !== undefined) random = seededRandom(newSeed);
      inForce = next.map(fault => ({ fault, struck: 0 }));
    },
    add(fault) {
      inForce = [...inForce, { fault, struck: 0 }];
    },
    end(isMeant) {
      inForce = inForce.filter(({ fault }) => !isMeant(fault));
    },
    judge(method, path) {
      let slow = 0;
      for (const entry of inForce) {
        const { fault } = entry;
        const over = fault.count !== undefined && entry.struck >= fault.count;
        const fits = (!fault.method || fault.method === method) && (!fault.path || path.includes(fault.path));
        if (over || !fits || fault.kind === 'away' || random() >= fault.probability) continue;
        entry.struck += 1;
        if (fault.kind !== 'slow') return { slow, fault };
        slow += fault.ms;
      }
      return { slow, fault: undefined };
    },
  };
}
