import { describe, expect, it } from 'vitest';
import { rulesStatus } from '../../../src/app/status/rules.ts';
import type { ChainState } from '../../../src/core/delivery.ts';
import { createTimeNotation } from '../../../src/core/time-notation.ts';
import type { RuleView } from '../../../src/rules/rule-view.ts';

const { iso } = createTimeNotation('America/Denver');
const SINCE = Date.parse('2026-03-02T13:01:00Z');
const OPENED = { dispatchId: 57_008, dispatchNumber: 1008 };

const view = (change: Partial<RuleView>): RuleView => ({
  rule: 'press1_down',
  kind: 'dispatch',
  phase: 'inactive',
  since: null,
  due: null,
  text: 'not press1.running is false',
  episode: null,
  ...change,
});

function shown(
  change: Partial<RuleView>,
  opened: Pick<ChainState, 'open' | 'result'> = { open: 'none', result: null },
) {
  const asked: string[] = [];
  const openOf = (chain: string) => {
    asked.push(chain);
    return opened;
  };
  const [status] = rulesStatus([view(change)], openOf, iso);
  return { status, asked };
}

const ACTIVE: Partial<RuleView> = {
  phase: 'active',
  since: SINCE,
  episode: { chain: 'press1_down#1@5', mode: 'live' },
};

describe('rules of the status page', () => {
  it('a rule whose condition does not hold is shown as waiting', () => {
    expect(shown({})).toEqual({
      status: {
        rule: 'press1_down',
        kind: 'dispatch',
        state: 'waiting',
        words: 'the condition does not hold',
        since: null,
        text: 'not press1.running is false',
      },
      asked: [],
    });
  });

  it.each([
    ['pending', 'opens the dispatch, if it stays so'],
    ['clearing', 'ends the dispatch, if it stays so'],
    ['counting', 'sends what it counted'],
  ] as const)(
    'a rule that is %s is shown with the begin of this state, its next step and the time of that step',
    (phase, thenIt) => {
      expect(shown({ phase, since: SINCE, due: SINCE + 120_000 }).status).toMatchObject({
        state: phase,
        since: '2026-03-02T06:01:00.000-07:00',
        firesAt: '2026-03-02T06:03:00.000-07:00',
        thenIt,
      });
    },
  );

  it.each<[string, Pick<ChainState, 'open' | 'result'>, number | null, string]>([
    ['opened', { open: 'delivered', result: OPENED }, 1008, 'opened #1008'],
    [
      "a person's",
      { open: 'delivered', result: { dispatchId: 1, foundOpen: 1008 } },
      1008,
      'found open #1008: a person',
    ],
    ['adopted', { open: 'delivered', result: { ...OPENED, adopted: true, nothing: 'n' } }, 1008, 'found open #1008'],
    ['of another rule', { open: 'delivered', result: { ...OPENED, nothing: 'n' } }, 1008, 'found open #1008'],
    ['not needed', { open: 'delivered', result: { nothing: 'it was over' } }, null, 'none: it was over'],
    ['under way', { open: 'pending', result: null }, null, 'none yet'],
    ['refused', { open: 'dead', result: null }, null, 'dead letter'],
    ['dropped', { open: 'dropped', result: null }, null, 'dropped'],
  ])('an active rule is shown with its dispatch: %s', (_what, opened, dispatch, words) => {
    const { status, asked } = shown(ACTIVE, opened);

    expect(status).toMatchObject({ state: 'active', dispatch, dispatchWords: expect.stringContaining(words) });
    expect(asked).toEqual(['press1_down#1@5']);
  });

  it('a rule has no dispatch in shadow mode', () => {
    expect(shown({ ...ACTIVE, episode: { chain: 'c', mode: 'shadow' } }).status).toMatchObject({
      dispatch: null,
      dispatchWords: expect.stringContaining('shadow'),
    });
  });
});
