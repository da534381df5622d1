import { type Answer, type Call, lineOf, note, siteOf } from './call.ts';
import { Refusal } from './params.ts';

const PARTS = ['SEAL', 'BELT'];

export function requestSpares(call: Call): Answer {
  const { params } = call;
  const site = siteOf(call);
  const line = lineOf(call, site);
  const at = params.time('needed', ['second'], site.timezone);
  if (at === undefined) throw new Refusal('Missing needed parameter');
  const part = params.text('partnumber') ?? null;
  if (part !== null && !PARTS.includes(part)) throw new Refusal(`No spares of part ${part} today`);
  const quantity = params.quantity('quantity');
  note(call, 'spares/request_issue', line.code, { at, quantity, part });
  return { data: { line: line.id, quantity: quantity.toFixed(2) } };
}
