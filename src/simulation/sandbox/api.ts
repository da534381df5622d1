import { AREAS, getEventData, readArea } from './areas.ts';
import { batchErrors, batchStatus, recordBatch } from './batches.ts';
import type { Answer, Call } from './call.ts';
import { add, addComment, changeType, remove, setReason } from './dispatch-edits.ts';
import { close, closemachine, complete, open } from './dispatches.ts';
import { getOpenDispatches, incrementCycleCount, setCycleCount } from './machines.ts';
import { mostRecent, readDetails, recordDetails } from './production.ts';
import { addScrapDetail } from './scrap.ts';

type Verb = 'GET' | 'POST';
type Method = { readonly verbs: readonly Verb[]; readonly run: (call: Call) => Answer };

const GET: readonly Verb[] = ['GET'];
const POST: readonly Verb[] = ['POST'];
const BOTH: readonly Verb[] = ['GET', 'POST'];

/** Methods of the areas, with the HTTP verbs the reference gives them. */
const METHODS: Readonly<Record<string, Method>> = {
  'dispatches/open': { verbs: POST, run: open },
  'dispatches/complete': { verbs: BOTH, run: complete },
  'dispatches/close': { verbs: BOTH, run: close },
  'dispatches/closemachine': { verbs: POST, run: closemachine },
  'dispatches/add': { verbs: POST, run: add },
  'dispatches/add_comment': { verbs: POST, run: addComment },
  'dispatches/set_reason': { verbs: POST, run: setReason },
  'dispatches/changetype': { verbs: POST, run: changeType },
  'dispatches/get_event_data': { verbs: GET, run: getEventData },
  'machines/set_cycle_count': { verbs: POST, run: setCycleCount },
  'machines/increment_cycle_count': { verbs: POST, run: incrementCycleCount },
  'machines/get_open_dispatches': { verbs: GET, run: getOpenDispatches },
  'pitchdetails/record_details': { verbs: BOTH, run: recordDetails },
  'pitchdetails/record_details_batch': { verbs: POST, run: recordBatch },
  'pitchdetails/record_details_batch_status': { verbs: GET, run: batchStatus },
  'pitchdetails/record_details_batch_errors': { verbs: GET, run: batchErrors },
  'scrapdetail/add_scrap_detail': { verbs: POST, run: addScrapDetail },
  'pitchdetails/mostrecent': { verbs: GET, run: mostRecent },
};

/** What a path stands for: `area`, `area/id`, `area/method` or `area/method/id`, with or without a slash at its end. */
export type Target = {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly id: number | undefined;
  readonly run: (call: Call) => Answer;
};

const PREFIX = '/api/1.0/';

export function targetOf(path: string, verb: string): Target | undefined {
  if (!path.startsWith(PREFIX)) return undefined;
  const [area = '', second = '', third = '', ...more] = path.slice(PREFIX.length).replace(/\/$/, '').split('/');
  const method = METHODS[`${area}/${second}`];
  const idText = method ? third : second;
  if (more.length > 0 || (!method && third !== '') || !/^\d*$/.test(idText)) return undefined;
  const id = idText === '' ? undefined : Number(idText);
  if (method) return { name: `${area}/${second}`, verbs: method.verbs, id, run: method.run };
  if (area === 'pitchdetails') return { name: area, verbs: GET, id, run: readDetails };
  if (area === 'dispatches' && verb === 'POST') return { name: area, verbs: BOTH, id, run: remove };
  const records = AREAS[area];
  return records && { name: area, verbs: GET, id, run: call => readArea(records, call) };
}
