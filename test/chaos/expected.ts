import type { Look } from './poller.ts';
import type { MachineStory, Moment, Stroke } from './story.ts';

/** What L2L must have of the counts of one machine. An amount is a range where a reset was not seen from both sides. */
export type Expected = {
  readonly cycles: readonly [number, number];
  readonly good: readonly [number, number];
  readonly scrap: readonly [number, number];
  /** Amounts by recipe, when every change of the recipe was seen when it happened. */
  readonly byRecipe: ReadonlyMap<number, { readonly good: number; readonly scrap: number }> | null;
};

/**
 * The amounts with a source that keeps everything: they are the true amounts, whatever happened to the gateway.
 * @param isDated the own time of every message was used
 */
export function expectAll({ strokes }: MachineStory, isDated: boolean): Expected {
  const exactly = (count: number) => [count, count] as const;
  const isScrap = ({ scrap }: Stroke) => scrap;
  const recipes = new Set(strokes.map(({ recipe }) => recipe));
  const byRecipe = [...recipes].map(recipe => {
    const made = strokes.filter(stroke => stroke.recipe === recipe);
    const scrap = made.filter(isScrap).length;
    return [recipe, { good: made.length - scrap, scrap }] as const;
  });
  const scrap = strokes.filter(isScrap).length;
  return {
    cycles: exactly(strokes.length),
    good: exactly(strokes.length - scrap),
    scrap: exactly(scrap),
    byRecipe: isDated ? new Map(byRecipe) : null,
  };
}

/** One look at one machine. `sure`: the look is in the journal of every later life. `gap`: for a while before it nothing was seen. */
export type Sight = { readonly at: number; readonly moment: Moment; readonly sure: boolean; readonly gap: boolean };

/** How long a life saw and wrote. A look after its last commit may have been lost with it. */
export type LifeEnd = { readonly life: number; readonly writtenUntil: number };

/** What the gateway saw of a machine, one poll after the other. */
export function sightsOf(index: number, looks: readonly Look[], ends: readonly LifeEnd[], poll: number): Sight[] {
  const written = new Map(ends.map(({ life, writtenUntil }) => [life, writtenUntil]));
  return looks.flatMap((look, at) => {
    const moment = look.moments[index];
    const before = looks[at - 1];
    const until = written.get(look.life);
    const sure = until === undefined || look.at < until;
    const gap = !before || before.life !== look.life || look.at - before.at > poll + 2000;
    return moment ? [{ at: look.at, moment, sure, gap }] : [];
  });
}

/**
 * The amounts with a source that shows only the present: they follow from what the gateway saw, with the documented limits and no others.
 */
export function expectSeen(story: MachineStory, sights: readonly Sight[]): Expected {
  const all = movements(sights, story.spec.register);
  const sure = movements(
    sights.filter((sight, at) => sight.sure || at === sights.length - 1),
    story.spec.register,
  );
  const range = (of: (counted: Counted) => number) =>
    [Math.min(of(all), of(sure)), Math.max(of(all), of(sure))] as const;
  return {
    cycles: range(({ strokes }) => strokes),
    good: [
      Math.min(all.strokes - all.scrap, sure.strokes - sure.scrap),
      Math.max(all.strokes - all.scrap, sure.strokes - sure.scrap),
    ],
    scrap: range(({ scrap }) => scrap),
    byRecipe: null,
  };
}

type Counted = { readonly strokes: number; readonly scrap: number };

/** The movement between consecutive readings, with at most one wrap or reset between two. */
function movements(sights: readonly Sight[], register: number): Counted {
  return {
    strokes: counted(
      sights.map(({ moment }) => moment.strokes),
      register,
    ),
    scrap: counted(
      sights.map(({ moment }) => moment.scrap),
      65_536,
    ),
  };
}

/** A drop to 0 is a reset, unless the counter is back at its old number with its next movement. The gateway cannot know better. */
function counted(readings: readonly number[], register: number): number {
  let count = 0;
  let before = readings[0] ?? 0;
  let fell = 0;
  for (const reading of readings) {
    const by = moved(before, reading, register);
    const isBack = before === 0 && fell > 0 && reading > 1 && reading >= fell;
    count += isBack ? reading - fell : by;
    if (reading === 0 && before > 0 && by === 0) fell = before;
    else if (reading > 0) fell = 0;
    before = reading;
  }
  return count;
}

function moved(before: number, after: number, register: number): number {
  if (after >= before) return after - before;
  const wrapped = register - before + after;
  return wrapped < 1000 ? wrapped : after;
}
