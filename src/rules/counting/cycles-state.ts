import { z } from 'zod';
import { KeptLag } from '../common/kept-lag.ts';
import { CounterState } from './counter-state.ts';
import type { CyclesRule } from './cycles-rule.ts';

/** A cycles rule as kept over a restart. */
export const CyclesState = z.object({
  kind: z.literal('cycles'),
  machine: z.string(),
  counter: CounterState.nullable(),
  /** Counted and not sent yet, with the span it was counted over. */
  pending: z.number(),
  from: z.number(),
  to: z.number(),
  time: z.enum(['source', 'received']),
  /** When pending is sent; null: nothing is pending. */
  due: z.number().nullable(),
  /** Flushes so far. */
  flushes: z.number(),
  /** Everything counted since the counter was last seen for the first time. */
  total: z.number(),
  /** How often the counter was seen for the first time: another address or machine is another counter. */
  sights: z.number(),
  /** When that was the last time. */
  sightAt: z.number().default(0),
  /** The name under which L2L's count at that time is kept. Empty in states of earlier versions: `withSight` fills it in. */
  chain: z.string().default(''),
  /** How what is pending is sent; null in states written before it was kept. */
  mode: z.enum(['increment', 'total']).nullable().default(null),
  /** The gateway's mode while it was counted; null in states written before it was kept. */
  countedIn: z.enum(['live', 'shadow']).nullable().default(null),
  lag: KeptLag,
  /** A source it reads was catching up. */
  held: z.boolean(),
});
export type CyclesState = z.infer<typeof CyclesState>;

/** The state of a rule that has counted nothing yet. */
export function newCyclesState({ name, machine, mode }: CyclesRule): CyclesState {
  return {
    kind: 'cycles',
    machine,
    counter: null,
    pending: 0,
    from: 0,
    to: 0,
    time: 'received',
    due: null,
    flushes: 0,
    total: 0,
    sights: 0,
    sightAt: 0,
    chain: sightChain(name, { sights: 0, sightAt: 0 }),
    mode,
    countedIn: null,
    lag: null,
    held: false,
  };
}

/** `state` as the rule of this name left it. */
export function withSight(rule: string, state: CyclesState): CyclesState {
  return state.chain === '' ? { ...state, chain: sightChain(rule, state) } : state;
}

/** The chain of all that is counted from one first sight on. */
export function sightChain(rule: string, { sights, sightAt }: Pick<CyclesState, 'sights' | 'sightAt'>): string {
  return `${rule}#${sights}@${sightAt}`;
}
