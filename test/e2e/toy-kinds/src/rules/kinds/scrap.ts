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

const ScrapSection = z
  .strictObject({
    line: Code.meta({ description: 'Code of the line', examples: ['LINE-1'] }),
    counter: Signal.meta({ description: 'The signal that counts scrap; it needs `counter:` in its source' }),
    category: Code.optional().meta({ description: 'Code of the scrap category', examples: ['CRACK'] }),
    ...besides('scrap'),
  })
  .meta({ description: 'Adds scrap to a line as it is counted' });

type ScrapRule = RuleBase & {
  readonly kind: 'scrap';
  readonly line: string;
  readonly counter: SignalDefinition;
  readonly category: string | null;
};

const ScrapState = z.object({
  kind: z.literal('scrap'),
  /** The number of actions so far. */
  sent: z.number(),
  counter: CounterState.nullable(),
  lag: KeptLag,
  held: z.boolean(),
});
type ScrapState = z.infer<typeof ScrapState>;

/** Sends each step of a scrap counter. */
export const scrapKind: RuleKind<ScrapRule, ScrapState, typeof ScrapSection> = {
  kind: 'scrap',
  section: ScrapSection,
  withoutKeys: 'always counts',
  target: 'line',
  hasActive: false,
  compile(base, { line, counter: name, category = null }, { resolver }) {
    const path = ['rules', base.name, 'scrap'];
    resolver.fixed([...path, 'line'], line);
    const counter = resolver.counter([...path, 'counter'], name);
    return counter && { ...base, kind: 'scrap', line, counter, category };
  },
  describe: ({ line, counter }) => ({ what: `scrap of ${line}`, when: `each step of ${counter.name}` }),
  occasionalCalls: { plural: 'scrap', most: 1, each: 'step of a scrap counter' },
  codes: ({ line }) => ({ line }),
  recode: ({ line }, { kind, params }) => (kind === 'add_scrap_detail' ? { ...params, line } : undefined),
  state: ScrapState,
  countsOn: true,
  references: ({ counter: { name } }) => ({
    conditions: [],
    counters: [name],
    signals: [name],
    sources: [],
    rules: [],
  }),
  create: createScrap,
  shift: (state, shift) => {
    const move = (at: number) => shiftTime(at, shift);
    return { ...state, counter: shiftCounter(state.counter, move, move) };
  },
  end() {},
};

function createScrap({ rule, cells, restored }: RuleParts<ScrapRule, ScrapState>) {
  const { name, line, category } = rule;
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
      const { at, moved: scrap } = counted;
      const text = `${scrap} counted on ${rule.counter.name}`;
      step.actions.push({
        kind: 'add_scrap_detail',
        key: `${name}#${sent}@${Math.floor(at)}`,
        rule: name,
        lane: laneOf('add_scrap_detail', line),
        chain: null,
        at,
        time: step.time,
        params: { line, scrap, ...(category !== null && { category }), at },
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
    state: () => ({ kind: 'scrap', sent, counter: counter.state(), held }),
    view: () => ({
      rule: name,
      kind: 'scrap' as const,
      phase: 'counting' as const,
      since: counter.at,
      due: null,
      text: `${sent} steps of ${rule.counter.name} sent`,
    }),
  };
}
