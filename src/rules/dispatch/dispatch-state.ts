import { z } from 'zod';
import { KeptLag } from '../common/kept-lag.ts';
import { DelayState } from './delay.ts';
import { Episode } from './episode.ts';
import { StillState } from './stills.ts';

/** The stored state of a dispatch rule. */
export const DispatchState = z.object({
  kind: z.literal('dispatch'),
  phase: z.enum(['inactive', 'pending', 'active', 'clearing']),
  /** The rule's own time, which never runs backwards. Null: nothing was known yet. */
  time: z.number().nullable(),
  /** Activations so far: the number of the latest episode. */
  episodes: z.number(),
  /** The latest time that was sent as reported or completed. The next one is never earlier, whichever clock it is from. */
  told: z.number().nullable().default(null),
  /** A delay was forgotten (`forgetTimes`): it begins anew with the first reading that has a time. */
  anew: z.boolean().default(false),
  /** The running on_delay (pending) or off_delay (clearing). */
  delay: DelayState.nullable(),
  episode: Episode.nullable(),
  still: z.record(z.string(), StillState),
  lag: KeptLag,
  /** A source of the rule was catching up. */
  held: z.boolean(),
});
export type DispatchState = z.infer<typeof DispatchState>;

/** The state of a rule that has seen nothing yet. */
export function newDispatchState(): DispatchState {
  return {
    kind: 'dispatch',
    phase: 'inactive',
    time: null,
    episodes: 0,
    told: null,
    anew: false,
    delay: null,
    episode: null,
    still: {},
    lag: null,
    held: false,
  };
}
