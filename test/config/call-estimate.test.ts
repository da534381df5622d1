import { describe, expect, it } from 'vitest';
import { estimateCalls } from '../../src/config/call-estimate.ts';
import type { CyclesRule } from '../../src/rules/counting/cycles-rule.ts';
import type { ProductionRule } from '../../src/rules/counting/production-rule.ts';
import type { CompiledRule, Program } from '../../src/rules/program.ts';

const plain = {
  place: { file: 'g.yaml', line: 1, column: 1 },
  maxAge: null,
  onUnknown: 'park',
  renamedFrom: null,
} as const;
const counter = {
  name: 'c',
  source: 's',
  type: 'number',
  fingerprint: '',
  restorable: false,
  acceptUncertain: false,
} as const;
const MINUTE = 60_000;

function cycles(every: number, mode: CyclesRule['mode'] = 'increment'): CyclesRule {
  return { kind: 'cycles', name: 'c', ...plain, machine: 'M', counter, every, mode, firstSight: 'base' };
}

function production(every: number): ProductionRule {
  const quantity = { of: 'good', counter } as const;
  const rest = {
    perCount: 1,
    scrap: [],
    byCategory: false,
    operators: null,
    product: null,
    lateness: 0,
    afterGap: 'one',
    blindProduct: 'old',
  } as const;
  return { kind: 'production', name: 'p', ...plain, line: 'L', quantity, every, ...rest };
}

function estimate(rules: readonly CompiledRule[], rate: number | null = 1 / 1000) {
  const program: Program = { rules, signals: new Map(), sources: [], mode: 'live', freezeLimit: 0 };
  return estimateCalls(program, rate);
}

describe('the estimate of calls', () => {
  it('forty presses that send every minute need 67 % of one call a second', () => {
    const { total, allowed } = estimate(Array.from({ length: 40 }, () => cycles(MINUTE)));

    expect([total, allowed]).toEqual([2400, 3600]);
    expect(Math.round((total / (allowed ?? 0)) * 100)).toBe(67);
  });

  it.each([
    ['increments more often than the count gets old', [cycles(10 * MINUTE)], 6],
    ['increments that read the count first', [cycles(15 * MINUTE)], 8],
    ['absolute counts', [cycles(15 * MINUTE, 'total')], 4],
    ['a line: batch, status, errors', [production(5 * MINUTE)], 36],
    ['fifty lines in one batch', Array.from({ length: 50 }, () => production(5 * MINUTE)), 36],
    ['fifty-one lines in two', Array.from({ length: 51 }, () => production(5 * MINUTE)), 72],
    ['lines of different intervals', [production(5 * MINUTE), production(60 * MINUTE)], 39],
    ['no rules', [], 0],
  ])('the estimate counts the calls per hour of %s', (_, rules, calls) => {
    expect(estimate(rules).total).toBe(calls);
  });

  it('the estimate has no limit when the config sets none', () => {
    expect(estimate([], null).allowed).toBeNull();
  });
});
