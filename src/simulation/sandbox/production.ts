import { type Answer, type Call, lineOf, note, productIn, siteOf } from './call.ts';
import { listed, local, type Row, shownRow, utc } from './list.ts';
import type { Manners } from './manners.ts';
import { Refusal } from './params.ts';
import type { Line, PitchDetail, Site } from './records.ts';

const PITCH_DETAIL_FIELDS = [
  'id',
  'site',
  'line',
  'product',
  'start',
  'end',
  'actual',
  'scrap',
  'operator_count',
  'pitch',
  'batch_record',
  'build_sequence',
  'created',
  'lastupdated',
] as const;

const DAY = 86_400_000;

function detailRow(detail: PitchDetail, site: Site, { pitch_times }: Manners): Row {
  const time = (at: number) => (pitch_times === 'utc' ? utc(at) : local(at, site.timezone));
  return {
    id: detail.id,
    site: detail.site,
    line: detail.line,
    product: detail.product,
    start: time(detail.start),
    end: time(detail.end),
    actual: detail.actual.toFixed(2),
    scrap: detail.scrap.toFixed(2),
    operator_count: detail.operator_count.toFixed(2),
    pitch: null,
    batch_record: detail.batch,
    build_sequence: null,
    created: utc(detail.created),
    lastupdated: utc(detail.lastupdated),
  };
}

export function recordDetails(call: Call): Answer {
  const site = siteOf(call);
  const detail = recordSet(call, site, null, 'pitchdetails/record_details');
  return { data: shownRow(detailRow(detail, site, call.manners), call.microseconds) };
}

/** Checks one set and books it. Refuses with the words that end up in record_details_batch_errors for a batch. */
export function recordSet(call: Call, site: Site, batch: number | null, what: string): PitchDetail {
  const { params, store, at } = call;
  const line = lineOf(call, site);
  if (!line.enable_pitchdetails_api) throw new Refusal(`Line ${line.code} does not take production details`);
  const start = params.time('start', ['second', 'fraction'], site.timezone);
  const end = params.time('end', ['second', 'fraction'], site.timezone);
  if (start === undefined) throw new Refusal('Missing start parameter');
  if (end === undefined) throw new Refusal('Missing end parameter');
  if (end <= start) throw new Refusal('The end value must come after the start value');
  const actual = params.quantity('actual');
  const scrap = params.quantity('scrap');
  const operators = params.quantity('operator_count');
  params.flag('continue_current_build_sequence');
  for (const unused of ['unit_of_measure_code', 'comment']) params.text(unused);
  const other = store.detailsOf(line.id).find(detail => start < detail.end && detail.start < end);
  if (other && call.manners.overlap === 'refuse') {
    throw new Refusal(`The interval overlaps detail ${other.id} of line ${line.code}`);
  }
  const product = productOf(call, site, line);
  const detail = store.addDetail({
    site: site.site,
    line: line.id,
    product,
    start,
    end,
    actual,
    scrap,
    operator_count: operators,
    batch,
    created: at,
    lastupdated: at,
  });
  note(call, what, line.code, { detail: detail.id, start, end, actual, scrap, product });
  return detail;
}

/** The pitch and build sequence are not simulated: product_autodetect goes straight to the line's default product. */
function productOf(call: Call, site: Site, line: Line): number {
  const code = call.params.text('productcode');
  if (call.params.flag('product_autodetect')) {
    if (line.defaultproduct === null) throw new Refusal(`No product found for line ${line.code}`);
    return line.defaultproduct;
  }
  if (code !== undefined && call.manners.unknown_product === 'create')
    return call.store.product(site.site, code, call.at);
  const known = productIn(call, site);
  if (!known) throw new Refusal('Missing productcode parameter');
  return known.id;
}

/** Read only with site, line and end, and one of start and product; each may carry a lookup such as `end__gte`. */
export function readDetails(call: Call): Answer {
  const { params, store } = call;
  const site = siteOf(call);
  const line = Number(params.text('line') ?? Number.NaN);
  const filters = params.rest().filter(isFilter);
  const { pitch_filters } = call.manners;
  const filtered = (field: string) =>
    filters.some(([name]) => name === field || (pitch_filters !== 'refuse' && name.startsWith(`${field}__`)));
  if (Number.isNaN(line) || !filtered('end') || !(filtered('start') || filtered('product'))) {
    throw new Refusal('Pitch details must be filtered by site, line and end, and by one of product or start');
  }
  const isEmpty = pitch_filters === 'nothing' && filters.some(([name]) => name.includes('__'));
  const rows = isEmpty ? [] : store.detailsOf(line).filter(detail => detail.site === site.site);
  const shown = rows.map(detail => detailRow(detail, site, call.manners));
  return listed(shown, PITCH_DETAIL_FIELDS, { ...call, params: { ...params, rest: () => filters }, max: 2000 });
}

function isFilter([name]: readonly [string, string]): boolean {
  return !['limit', 'offset', 'order_by', 'fields'].includes(name);
}

export function mostRecent(call: Call): Answer {
  const { params, store, at } = call;
  const site = siteOf(call);
  const line = lineOf(call, site);
  const days = params.integer('daysback') ?? 7;
  if (days < 1 || days > 28) throw new Refusal('Invalid daysback: cannot exceed 28');
  const latest = store
    .detailsOf(line.id)
    .filter(detail => detail.end >= at - days * DAY)
    .toSorted((a, b) => b.end - a.end)[0];
  return { data: latest ? shownRow(detailRow(latest, site, call.manners), call.microseconds) : null };
}
