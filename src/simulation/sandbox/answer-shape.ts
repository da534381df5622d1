import type { Manners } from './manners.ts';

/** Fields that hold the id or the number of a record. */
const ID = /(?:^|_)id$|^(?:line|machine|dispatchtype|reason)id$/;
const REFERENCES: ReadonlySet<string> = new Set([
  ...['dispatchnumber', 'site', 'line', 'machine', 'dispatchtype', 'trade', 'reason', 'product'],
  ...['batch_record', 'pitchdetail', 'defaultproduct'],
]);

/** An answer in the form that the manners give it. It says the same in each form. */
export function shaped<T extends Readonly<Record<string, unknown>>>(answer: T, manners: Manners): T {
  const isUsual = manners.ids === 'numbers' && manners.fields === 'known' && manners.lists === 'empty';
  return isUsual ? answer : (shapedRecord(answer, manners) as T);
}

function shapedRecord(record: Readonly<Record<string, unknown>>, manners: Manners): Record<string, unknown> {
  const fields = Object.entries(record).map(([name, value]) => [name, shapedValue(name, value, manners)] as const);
  if (manners.fields === 'known') return Object.fromEntries(fields);
  const more = [['_links', { self: null }] as const, ['revision', '2031-01-01'] as const];
  return Object.fromEntries([...more, ...fields.reverse()]);
}

function shapedValue(name: string, value: unknown, manners: Manners): unknown {
  if (Array.isArray(value)) {
    if (value.length === 0 && manners.lists === 'null') return null;
    return value.map(entry => shapedValue('', entry, manners));
  }
  if (typeof value === 'object' && value !== null)
    return shapedRecord(value as Readonly<Record<string, unknown>>, manners);
  const isId = typeof value === 'number' && (ID.test(name) || REFERENCES.has(name));
  return isId && manners.ids === 'strings' ? String(value) : value;
}
