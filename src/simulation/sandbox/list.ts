import type { Manners } from './manners.ts';
import { type Params, Refusal } from './params.ts';
import { parseSiteTime, siteTime, utcTime } from './site-time.ts';

/** A time in a record: which clock it is shown in differs from field to field. */
type Moment = { readonly at: number; readonly zone: string | null };
export type Cell =
  | string
  | number
  | boolean
  | null
  | Moment
  | readonly unknown[]
  | { readonly [field: string]: unknown };
export type Row = Readonly<Record<string, Cell>>;

export function utc(at: number | null): Moment | null {
  return at === null ? null : { at, zone: null };
}

export function local(at: number | null, zone: string): Moment | null {
  return at === null ? null : { at, zone };
}

function isMoment(cell: Cell | undefined): cell is Moment {
  return typeof cell === 'object' && cell !== null && 'at' in cell && 'zone' in cell;
}

/** A record as it is answered: times become text. */
export function shownRow(row: Row, microseconds: boolean, fields?: ReadonlySet<string>): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [field, cell] of Object.entries(row)) {
    if (fields && !fields.has(field)) continue;
    shown[field] = isMoment(cell) ? momentText(cell, microseconds) : cell;
  }
  return shown;
}

function momentText(moment: Moment, microseconds: boolean): string {
  return moment.zone === null ? utcTime(moment.at, microseconds) : siteTime(moment.at, moment.zone, microseconds);
}

const ORDERS = {
  lt: (order: number) => order < 0,
  lte: (order: number) => order <= 0,
  gt: (order: number) => order > 0,
  gte: (order: number) => order >= 0,
} as const;

type Asked = {
  readonly params: Params;
  /** The longest page of the area. */
  readonly max: number;
  readonly manners: Manners;
  readonly microseconds: boolean;
};

const SHORT_PAGE = 5;

/**
 * A record area read by HTTP GET: filters, order, fields and pages. `known` are the fields of the area; any other name
 * is refused, so that a misspelt filter does not read as "everything".
 */
export function listed(
  rows: Iterable<Row>,
  known: readonly string[],
  { params, max, manners, microseconds }: Asked,
): { data: unknown[]; limit: number; offset: number } {
  const asked = params.integer('limit') ?? max;
  const offset = params.integer('offset') ?? 0;
  if (asked < 1 || asked > max) throw new Refusal(`Invalid limit: ${asked} exceeds the maximum of ${max}`);
  if (offset < 0) throw new Refusal(`Invalid offset: ${offset}`);
  const wanted = params
    .text('fields')
    ?.split(',')
    .map(field => fieldOf(field.trim(), known));
  const orderBy = params.text('order_by');
  const filters = params.rest().map(([name, value]) => filterOf(name, value, known));

  let found = [...rows].filter(row => filters.every(matches => matches(row)));
  if (orderBy !== undefined) {
    const descending = orderBy.startsWith('-');
    const field = fieldOf(descending ? orderBy.slice(1) : orderBy, known);
    found = found.toSorted((a, b) => (descending ? -1 : 1) * compareCells(a[field], b[field]));
  }
  const fields = wanted && new Set(wanted);
  const limit = manners.pages === 'short' ? Math.min(asked, SHORT_PAGE) : asked;
  const page = found.slice(offset, offset + limit);
  return { data: page.map(row => shownRow(row, microseconds, fields)), limit, offset };
}

function fieldOf(field: string, known: readonly string[]): string {
  if (!known.includes(field))
    throw new Refusal(`Cannot resolve keyword '${field}' into field. Choices are: ${known.join(', ')}`);
  return field;
}

function filterOf(name: string, value: string, known: readonly string[]): (row: Row) => boolean {
  const [field = '', lookup] = name.split('__');
  fieldOf(field, known);
  if (lookup === undefined) return row => cellEquals(row[field], value);
  if (lookup === 'isnull') {
    if (value !== 'True' && value !== 'False') throw new Refusal(`Invalid ${name}: must be True or False`);
    return row => (row[field] === null || row[field] === undefined) === (value === 'True');
  }
  if (!(lookup in ORDERS)) throw new Refusal(`Unsupported lookup '${lookup}' for ${field}`);
  const accepts = ORDERS[lookup as keyof typeof ORDERS];
  return row => {
    const cell = row[field];
    if (cell === null || cell === undefined) return false;
    return accepts(compareCells(cell, isMoment(cell) ? { at: utcParameter(name, value), zone: null } : value));
  };
}

/** Times compared by lt, lte, gt, gte are UTC, ISO 8601, without an offset. */
function utcParameter(name: string, value: string): number {
  const at = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/.test(value)
    ? Date.parse(value.length === 10 ? value : `${value.replace(' ', 'T')}Z`)
    : Number.NaN;
  if (Number.isNaN(at)) throw new Refusal(`Invalid ${name}: "${value}" is not a UTC time such as 2016-05-05T22:39:47`);
  return at;
}

function cellEquals(cell: Cell | undefined, value: string): boolean {
  if (cell === null || cell === undefined) return false;
  if (typeof cell === 'boolean') return value.toLowerCase() === String(cell);
  if (isMoment(cell)) {
    const text = value.replace('T', ' ');
    if (text === momentText(cell, false)) return true;
    const at = parseSiteTime(text, ['second', 'fraction', 'minute'], cell.zone ?? 'UTC');
    // Times are kept as binary fractions of a millisecond: equal means the same microsecond.
    return at !== undefined && Math.abs(at - cell.at) < 0.0005;
  }
  return String(cell) === value;
}

function compareCells(a: Cell | undefined, b: Cell | undefined): number {
  const [left, right] = [sortable(a), sortable(b)];
  if (typeof left === 'number' && right !== '' && !Number.isNaN(Number(right))) return left - Number(right);
  return String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0;
}

function sortable(cell: Cell | undefined): number | string {
  if (isMoment(cell)) return cell.at;
  return typeof cell === 'number' ? cell : String(cell ?? '');
}
