import { type Answer, type Call, lineOf, note, siteOf } from './call.ts';
import { type Row, shownRow, utc } from './list.ts';
import { Refusal } from './params.ts';
import type { ScrapDetail } from './records.ts';

export const SCRAP_FIELDS = [
  'id',
  'site',
  'line',
  'product',
  'category',
  'start',
  'end',
  'scrap',
  'created',
  'lastupdated',
] as const;

const PITCH = 3_600_000;

/** Adds to the record of the same pitch, product and category, when there is one. Pitches are whole hours here. */
export function addScrapDetail(call: Call): Answer {
  const { params, store, at } = call;
  const site = siteOf(call);
  const line = lineOf(call, site);
  const time = params.time('scrap_datetime', ['second'], site.timezone);
  if (time === undefined) throw new Refusal('Missing scrap_datetime parameter');
  const category = params.text('scrapcategory');
  if (category === undefined) throw new Refusal('Missing scrapcategory parameter');
  const scrap = params.quantity('scrap');
  const detected = params.flag('product_autodetect') ? line.defaultproduct : null;
  const code = params.text('product_code');
  const product = detected ?? store.data.products.find(one => one.site === site.site && one.code === code)?.id ?? null;
  if (product === null) throw new Refusal(`No product found for line ${line.code}`);

  const start = Math.floor(time / PITCH) * PITCH;
  const isSame = (one: ScrapDetail) =>
    one.line === line.id && one.category === category && one.product === product && one.start === start;
  const known = store.data.scraps.find(isSame);
  const stamped = { created: at, lastupdated: at };
  const record =
    known ??
    store.addScrap({
      site: site.site,
      line: line.id,
      product,
      category,
      start,
      end: start + PITCH,
      scrap: 0,
      ...stamped,
    });
  record.scrap += scrap;
  record.lastupdated = at;
  note(call, 'scrapdetail/add_scrap_detail', line.code, { at: time, scrap, category, product });
  return { data: shownRow(scrapRow(record), call.microseconds) };
}

export function scrapRow(record: ScrapDetail): Row {
  const { start, end, scrap, created, lastupdated, ...fields } = record;
  return {
    ...fields,
    start: utc(start),
    end: utc(end),
    scrap: scrap.toFixed(2),
    created: utc(created),
    lastupdated: utc(lastupdated),
  };
}
