import { formatDuration } from '../../core/fields.ts';
import { nearest } from '../../core/nearest.ts';
import type { CodeTemplate, CompiledRule, CyclesRule, DispatchRule, ProductionRule } from '../program.ts';
import type { Rule, RuleDefaults } from '../schema.ts';
import { NOT_ADOPTED } from '../schema-checks.ts';
import type { Resolver } from './resolve.ts';

/** One rule, resolved; undefined: the resolver has noted what is wrong with it. */
export function compileRule(
  name: string,
  rule: Rule,
  defaults: RuleDefaults,
  resolver: Resolver,
): CompiledRule | undefined {
  const before = resolver.problems.length;
  const base: Base = {
    name,
    place: resolver.placeOf(['rules', name]),
    maxAge: rule.max_age ?? (rule.dispatch && defaults.dispatch?.max_age) ?? null,
    onUnknown: rule.on_unknown ?? 'park',
    renamedFrom: rule.renamed_from ?? null,
  };
  const compiled = rule.dispatch
    ? compileDispatch(base, rule, { ...defaults.dispatch, ...rule.dispatch }, resolver)
    : rule.cycles
      ? compileCycles(base, rule.cycles, resolver)
      : rule.production && compileProduction(base, rule.production, resolver);
  return resolver.problems.length > before ? undefined : compiled;
}

/** What every kind of rule has. */
type Base = Pick<CompiledRule, 'name' | 'place' | 'maxAge' | 'onUnknown' | 'renamedFrom'>;

function compileDispatch(
  base: Base,
  rule: Rule,
  dispatch: Omit<NonNullable<Rule['dispatch']>, 'max_age'>,
  resolver: Resolver,
): DispatchRule | undefined {
  const path = ['rules', base.name];
  const when = resolver.condition([...path, 'when'], rule.when ?? '');
  const unless = rule.unless === undefined ? null : resolver.condition([...path, 'unless'], rule.unless);
  const until = rule.until === undefined ? null : resolver.condition([...path, 'until'], rule.until);
  const onDelay = rule.on_delay ?? 0;
  if (onDelay === 0 && [when, unless, until].some(condition => condition && condition.still.length > 0)) {
    resolver.refuse([...path, 'on_delay'], '`still()` needs a time: write how long nothing has moved, such as 3m');
  }

  const { maxAge } = base;
  if (maxAge !== null && maxAge <= onDelay) {
    const words = `has to be longer than on_delay (${formatDuration(onDelay)}): the dispatch is that old when it is opened`;
    resolver.refuse([...path, 'max_age'], words);
  }

  const ifFoundOpen = dispatch.if_found_open ?? 'leave';
  if (rule.dispatch?.close_adopted !== undefined && ifFoundOpen !== 'adopt') {
    resolver.refuse([...path, 'dispatch', 'close_adopted'], NOT_ADOPTED);
  }
  const whenCleared = dispatch.when_cleared ?? 'close';
  if (rule.on_remove === 'close' && whenCleared === 'leave') {
    resolver.refuse(
      [...path, 'on_remove'],
      'close ends a dispatch as when_cleared says, and that is leave; take it out',
    );
  }

  const { machine, type, trade = null } = dispatch;
  resolver.fixed([...path, 'dispatch', 'machine'], machine);
  resolver.fixed([...path, 'dispatch', 'type'], type);
  if (trade !== null) resolver.fixed([...path, 'dispatch', 'trade'], trade);
  const reason = dispatch.reason === undefined ? null : resolver.code([...path, 'dispatch', 'reason'], dispatch.reason);
  const description = resolver.text([...path, 'dispatch', 'description'], dispatch.description);
  if (!when || unless === undefined || until === undefined || reason === undefined || !description) return undefined;

  return {
    ...base,
    kind: 'dispatch',
    when,
    unless,
    until,
    onDelay,
    offDelay: rule.off_delay ?? 0,
    machine,
    type,
    trade,
    reason,
    description,
    whenCleared,
    ifFoundOpen,
    closeAdopted: ifFoundOpen === 'adopt' && (dispatch.close_adopted ?? false),
    ifMissed: dispatch.if_missed ?? 'open_and_close',
    ifClosedByPerson: dispatch.if_closed_by_person ?? 'wait',
    onRemove: rule.on_remove ?? 'leave',
  };
}

function compileCycles(base: Base, cycles: NonNullable<Rule['cycles']>, resolver: Resolver): CyclesRule | undefined {
  const path = ['rules', base.name, 'cycles'];
  const { machine, every, mode, first_sight: firstSight } = cycles;
  const counter = resolver.counter([...path, 'counter'], cycles.counter);
  resolver.interval([...path, 'every'], every);
  resolver.fixed([...path, 'machine'], machine);
  if (mode === 'total' && base.maxAge !== null) {
    const words = 'does nothing with mode: total, where the newest count is always told; take it out';
    resolver.refuse(['rules', base.name, 'max_age'], words);
  }
  if (!counter) return undefined;
  return { ...base, kind: 'cycles', machine, counter, every, mode, firstSight };
}

function compileProduction(
  base: Base,
  production: NonNullable<Rule['production']>,
  resolver: Resolver,
): ProductionRule | undefined {
  const path = ['rules', base.name, 'production'];
  const { line, per_count: perCount, every, lateness } = production;
  const of = production.total === undefined ? 'good' : 'total';
  const counter = resolver.counter([...path, of], production[of] ?? '');
  if (typeof perCount === 'string') resolver.number([...path, 'per_count'], perCount);
  const scrap = scrapOf(production.scrap).flatMap(({ category, signal, key }) => {
    const counted = resolver.counter([...path, 'scrap', ...key], signal);
    return counted ? [{ category, counter: counted }] : [];
  });
  const counted = new Map([[production[of] ?? '', of]]);
  for (const { signal, key } of scrapOf(production.scrap)) {
    const name = ['scrap', ...key].join('.');
    const other = counted.get(signal);
    if (other === undefined) counted.set(signal, name);
    else
      resolver.refuse(
        [...path, 'scrap', ...key],
        `${signal} is the counter of ${other} too; each part is counted once`,
      );
  }
  const product = productOf([...path, 'product'], production.product, resolver);
  resolver.interval([...path, 'every'], every);
  if (lateness >= every) {
    resolver.refuse([...path, 'lateness'], `has to be shorter than every (${formatDuration(every)})`);
  }
  resolver.fixed([...path, 'line'], line);
  if (!counter || product === undefined) return undefined;

  return {
    ...base,
    kind: 'production',
    line,
    quantity: { of, counter },
    perCount,
    scrap,
    product,
    every,
    lateness,
    afterGap: production.after_gap,
    blindProduct: production.blind_product,
  };
}

/** null: L2L finds the product itself. */
function productOf(path: readonly string[], text: string, resolver: Resolver): CodeTemplate | null | undefined {
  if (text === 'autodetect') return null;
  if (!/^auto(?:matic)?$/i.test(text) && nearest(text, ['autodetect']) === undefined) return resolver.code(path, text);
  return resolver.refuse(path, `"${text}" would become a product of this name in L2L; did you mean autodetect?`);
}

/** A single counter of scrap has no category of its own. */
function scrapOf(scrap: NonNullable<Rule['production']>['scrap']) {
  if (scrap === undefined) return [];
  if (typeof scrap === 'string') return [{ category: 'scrap', signal: scrap, key: [] }];
  return Object.entries(scrap).map(([category, signal]) => ({ category, signal, key: [category] }));
}
