import { type Answer, type Call, lineOf, note, siteOf } from './call.ts';
import { Refusal } from './params.ts';

const CATEGORIES = ['CRACK', 'BURR'];

export function addScrapDetail(call: Call): Answer {
  const { params } = call;
  const site = siteOf(call);
  const line = lineOf(call, site);
  const at = params.time('scrap_datetime', ['second'], site.timezone);
  if (at === undefined) throw new Refusal('Missing scrap_datetime parameter');
  const category = params.text('scrapcategory') ?? null;
  if (category !== null && !CATEGORIES.includes(category)) throw new Refusal(`No scrap of category ${category} today`);
  const scrap = params.quantity('scrap');
  note(call, 'scrapdetail/add_scrap_detail', line.code, { at, scrap, category });
  return { data: { line: line.id, scrap: scrap.toFixed(2) } };
}
