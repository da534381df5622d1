import { z } from 'zod';
import { KeptLag } from '../common/kept-lag.ts';
import { CounterState } from './counter-state.ts';
import type { CyclesRule } from './cycles-rule.ts';

/** The stored state of a cycles rule. */
export const CyclesState = z.object({
  kind: z.literal('cycles'),
  machine: z.string(),
  counter: CounterState.nullable(),
  /** The count that is not sent yet, with its time span. */
  pending: z.number(),
  from: z.number(),
  to: z.number(),
  time: z.enum(['source', 'received']),
  /** When the pending count is sent; null: none is pending. */
  due: z.number().nullable(),
  /** Flushes so far. */
  flushes: z.number(),
  /** The whole count since the last first sight. */
  total: z.number(),
  /** The number of first sights: another address or machine is another counter. */
  sights: z.number(),
  /** The time of the last first sight. */
  sightAt: z.number().default(0),
  /** The chain that keeps L2L's count at that time. Empty in states of earlier versions: `withSight` fills it in. */
  chain: z.string().default(''),
  /** How the pending count is sent; null in states of earlier versions. */
  mode: z.enum(['increment', 'total']).nullable().default(null),
  /** The gateway's mode while it was counted; null in states of earlier versions. */
  countedIn: z.enum(['live', 'shadow']).nullable().default(null),
  lag: KeptLag,
  /** A source of the rule was catching up. */
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

/** The chain of all counts from one first sight on. */
export function sightChain(rule: string, { sights, sightAt }: Pick<CyclesState, 'sights' | 'sightAt'>): string {
  return `${rule}#${sights}@${sightAt}`;
}
