import { nearest } from '../../core/nearest.ts';
import { MANNER_NAMES, MANNERS, type MannerName, type Manners, valuesOf } from '../../simulation/sandbox/manners.ts';
import { UsageError } from '../command.ts';

/** Reads `--manner trade=trade_id`. Without a value: the first one that is not the default. Throws a UsageError that names the choices. */
export function askedManner(text: string): Partial<Manners> {
  const [given = '', ...rest] = text.split('=');
  const name = MANNER_NAMES.find(known => known === given);
  if (name === undefined) {
    const near = nearest(given, MANNER_NAMES);
    throw new UsageError(
      `--manner ${text}: there is no such manner; ${near ? `did you mean ${near}?` : `the manners are ${MANNER_NAMES.join(', ')}`}`,
    );
  }
  const values = valuesOf(name);
  const value = rest.length === 0 ? values.find(other => other !== MANNERS[name].default) : rest.join('=');
  if (value === undefined || !values.includes(value))
    throw new UsageError(`--manner ${text}: write ${name}= and one of ${values.join(', ')}`);
  return { [name]: value };
}

/** The manners and their values as lines for people, aligned. */
export function mannerList(): string {
  return MANNER_NAMES.map(mannerLines).join('\n');
}

function mannerLines(name: MannerName): string {
  const manner = MANNERS[name];
  const width = Math.max(...MANNER_NAMES.flatMap(valuesOf).map(value => value.length));
  const values = Object.entries(manner.values).map(
    ([value, words]) => `    ${value.padEnd(width)}  ${words}${value === manner.default ? ' (default)' : ''}`,
  );
  return [`  ${name}: how L2L ${manner.words}`, `    (${manner.source})`, ...values].join('\n');
}
