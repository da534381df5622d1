import { z } from 'zod';
import { laneOf } from '../../actions/words.ts';
import { StartError } from '../../core/errors.ts';
import { Code } from '../../core/fields.ts';
import type { SignalDefinition } from '../../core/sample.ts';
import { shiftTime } from '../../core/time-shift.ts';
import { authorOf, expiryOf, unknownOf } from '../common/action-author.ts';
import { KeptLag } from '../common/kept-lag.ts';
import { WITHOUT_CONDITION } from '../common/running-rule.ts';
import { report, type Step } from '../common/step.ts';
import { CounterState } from '../counting/counter-state.ts';
import type { Counted } from '../counting/counter-track.ts';
import { createCounter, knownUntil } from '../counting/counters.ts';
import { followCounter } from '../counting/followed-counter.ts';
import { shiftCounter } from '../counting/shift.ts';
import type { RuleBase } from '../program.ts';
import { besides, Signal } from '../schema-parts.ts';
import type { RuleKind, RuleParts } from './kind.ts';

const SparesSection = z
  .strictObject({
    line: Code.meta({ description: 'Code of the line', examples: ['LINE-1'] }),
    counter: Signal.meta({ description: 'The signal that counts used parts; it needs `counter:` in its source' }),
    part: Code.optional().meta({ description: 'Number of the part', examples: ['SEAL'] }),
    ...besides('spares'),
  })
  .meta({ description: 'Requests spares as they are used up' });

type SparesRule = RuleBase & {
  readonly kind: 'spares';
  readonly line: string;
  readonly counter: SignalDefinition;
  readonly part: string | null;
};

const SparesState = z.object({
  kind: z.literal('spares'),
  /** Actions so far. */
  sent: z.number(),
  counter: CounterState.nullable(),
  lag: KeptLag,
  held: z.boolean(),
});
type SparesState = z.infer<typeof SparesState>;

/** Sends each step of a counter of used parts. */
export const sparesKind: RuleKind<SparesRule, SparesState, typeof SparesSection> = {
  kind: 'spares',
  section: SparesSection,
  withoutKeys: 'always counts',
  target: 'line',
  hasActive: false,
  compile(base, { line, counter: name, part = null }, { resolver }) {
    const path = ['rules', base.name, 'spares'];
    resolver.fixed([...path, 'line'], line);
    const counter = resolver.counter([...path, 'counter'], name);
    return counter && { ...base, kind: 'spares', line, counter, part };
  },
  describe: ({ line, counter }) => ({ what: `spares for ${line}`, when: `each step of ${counter.name}` }),
  occasionalCalls: { plural: 'spares', most: 1, each: 'step of a counter of used parts' },
  codes: ({ line }) => ({ line }),
  recode: ({ line }, { kind, params }) => (kind === 'request_spares' ? { ...params, line } : undefined),
  state: SparesState,
  countsOn: true,
  references: ({ counter: { name } }) => ({
    conditions: [],
    counters: [name],
    signals: [name],
    sources: [],
    rules: [],
  }),
  create: createSpares,
  shift: (state, shift) => {
    const move = (at: number) => shiftTime(at, shift);
    return { ...state, counter: shiftCounter(state.counter, move, move) };
  },
  end() {},
};

function createSpares({ rule, cells, restored }: RuleParts<SparesRule, SparesState>) {
  const { name, line, part } = rule;
  const cell = cells.get(rule.counter.name);
  if (!cell) throw new StartError(`${name} counts ${rule.counter.name}, which no source declares`);
  const followed = followCounter(rule, cell, createCounter(rule.counter, restored?.counter ?? null, 'base'));
  const { counter } = followed;
  const author = authorOf(rule, [cell]);
  let sent = restored?.sent ?? 0;
  let held = restored?.held ?? false;

  function send(all: readonly Counted[], step: Step): void {
    for (const counted of all) {
      followed.report(counted, step);
      if (counted.moved === 0) continue;
      sent++;
      const { at, moved: quantity } = counted;
      const text = `${quantity} counted on ${rule.counter.name}`;
      step.actions.push({
        kind: 'request_spares',
        key: `${name}#${sent}@${Math.floor(at)}`,
        rule: name,
        lane: laneOf('request_spares', line),
        chain: null,
        at,
        time: step.time,
        params: { line, quantity, ...(part !== null && { part }), at },
        cause: author.cause(text),
        mode: step.mode,
        ...expiryOf(author, at),
        ...unknownOf(author),
      });
      report(step, rule, at, 'counted', text);
    }
  }

  return {
    rule,
    ...WITHOUT_CONDITION,
    get due() {
      return followed.believedAt();
    },
    evaluate: (at: number, step: Step) => send(followed.read(at, step), step),
    fire: (_at: number, step: Step) => send(followed.believeAll(step), step),
    restart(lastAlive: number, _at: number, step: Step) {
      followed.restart(knownUntil(counter.at, held, lastAlive), step);
      held = false;
    },
    standstill() {},
    hold(isHeld: boolean, step: Step) {
      if (held !== isHeld) step.changed.add(name);
      held = isHeld;
    },
    state: () => ({ kind: 'spares', sent, counter: counter.state(), held }),
    view: () => ({
      rule: name,
      kind: 'spares' as const,
      phase: 'counting' as const,
      since: counter.at,
      due: null,
      text: `${sent} steps of ${rule.counter.name} sent`,
    }),
  };
}
