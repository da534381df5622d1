import type { Client } from './client.ts';
import { type L2lRecord, recordsOf, textField } from './envelope.ts';
import type { Fields } from './form.ts';
import { judge, type Verdict } from './outcome.ts';
import { isAboutKey } from './refusal-words.ts';
import { compareZones } from './same-zone.ts';

/** Where each setting is written, as `file:line`. */
export type Places = { readonly apiKey: string; readonly site: string; readonly timezone: string };

export type SiteCheckOptions = {
  readonly client: Pick<Client, 'get'>;
  /** The site number (sites.site), not the record id. */
  readonly site: number;
  /** IANA name of the zone of the times that the gateway sends. */
  readonly timezone: string;
  readonly places: Places;
  readonly now: () => number;
};

/** Nothing answered, something between the gateway and L2L did, or L2L refuses everything for the moment. */
export type NoAnswer = 'away' | 'between' | 'busy';

/** What L2L says about the key, the site and the zone of the config. */
export type Finding =
  | { readonly kind: 'good' }
  /** Some could not be checked, and none is known to be wrong. `takes`: the key may read something. */
  | { readonly kind: 'unchecked'; readonly takes: boolean; readonly detail: string }
  /** A setting is wrong: nothing may be sent. */
  | { readonly kind: 'key' | 'site' | 'zone'; readonly detail: string }
  /** L2L said nothing about the settings. */
  | { readonly kind: NoAnswer; readonly detail: string }
  /** L2L asks to slow down, or the gateway stops. */
  | { readonly kind: 'nothing' };

/** These areas are read one after the other to find out whether the key may read anything. */
const OTHER_AREAS = ['dispatches/', 'machines/', 'lines/', 'pitchdetails/record_details_batch_errors/'];
const MOST_NAMED = 10;

/** Checks key, site and zone once. A key may lack the right to read sites: then reads of other areas show whether L2L takes it. */
export async function checkSite(options: SiteCheckOptions, signal: AbortSignal): Promise<Finding> {
  const { site, places } = options;
  const ask = async (method: string, query: Fields) =>
    judge(await options.client.get(method, query, 'look', signal), { transient: [] });
  const own = await ask('sites/', { site, limit: MOST_NAMED, fields: 'site,description,timezone' });
  const record = recordOf(own, site);
  if (record) return ofZone(record, options);
  const noAnswer = withoutAnswer(own);
  if (noAnswer) return noAnswer;
  if (own.kind !== 'halt') {
    // L2L may refuse or leave out this site only, or all sites.
    const all = await ask('sites/', { limit: 100, fields: 'site,description,timezone' });
    const among = recordOf(all, site);
    if (among) return ofZone(among, options);
    const sites = all.kind === 'success' ? recordsOf(all.envelope).flatMap(one => textField(one, 'site') ?? []) : [];
    if (sites.length > 0) {
      const named = `${sites.slice(0, MOST_NAMED).join(', ')}${sites.length > MOST_NAMED ? ', …' : ''}`;
      return {
        kind: 'site',
        detail: `L2L has no site ${site} for this key; the key's sites are ${named}. Correct l2l.site at ${places.site}`,
      };
    }
  }
  const said = wordsOf(own);
  for (const area of OTHER_AREAS) {
    const verdict = await ask(area, area.endsWith('errors/') ? { site } : { site, limit: 1, fields: 'id' });
    const away = withoutAnswer(verdict);
    if (away) return away;
    if (verdict.kind !== 'halt') {
      const takes = verdict.kind === 'success';
      return { kind: 'unchecked', takes, detail: `the site and its time zone could not be checked: ${said}` };
    }
    // Two answers about the key itself are enough. A bare 401 or 403 may mean a missing right for one area.
    if (own.kind === 'halt' && isAboutKey(l2lWords(own.detail)) && isAboutKey(l2lWords(verdict.detail))) break;
  }
  if (own.kind !== 'halt')
    return { kind: 'unchecked', takes: true, detail: `the site and its time zone could not be checked: ${said}` };
  return {
    kind: 'key',
    detail: `${own.detail}; correct l2l.api_key at ${places.apiKey}, or have L2L switch the key on`,
  };
}

function recordOf(verdict: Verdict, site: number): L2lRecord | undefined {
  if (verdict.kind !== 'success') return undefined;
  return recordsOf(verdict.envelope).find(record => textField(record, 'site') === String(site));
}

/** The finding when L2L itself did not answer; undefined: it did. */
function withoutAnswer(verdict: Verdict): Finding | undefined {
  if (verdict.kind !== 'retry' && verdict.kind !== 'unknown') return undefined;
  const { reason, detail } = verdict;
  if (reason === 'rate_limited' || reason === 'stopped') return { kind: 'nothing' };
  const kind = reason === 'unreadable' ? 'between' : reason === 'refused' ? 'busy' : 'away';
  return { kind, detail };
}

/** L2L's own words, without the words that the gateway puts before them. */
function l2lWords(detail: string): string {
  return detail.replace(/^HTTP \d+: the server does not \w+ (?:the API key|this with the API key's user):? ?/, '');
}

function wordsOf(verdict: Verdict): string {
  if (verdict.kind === 'success') return 'L2L lists no site for this key; give its user the right to read sites';
  return 'detail' in verdict ? `${verdict.detail}; give the user of the key the right to read sites` : '';
}

function ofZone(record: L2lRecord, { site, timezone, places, now }: SiteCheckOptions): Finding {
  const theirs = textField(record, 'timezone');
  if (theirs === undefined)
    return {
      kind: 'unchecked',
      takes: true,
      detail: `the time zone could not be checked: L2L gives none for site ${site}`,
    };
  const match = compareZones(timezone, theirs, now());
  if (match === 'same') return { kind: 'good' };
  if (match === 'unknown') {
    const detail = `the time zone could not be checked: the config says ${timezone}, L2L gives "${theirs}" for site ${site}. Compare them; l2l.timezone stands at ${places.timezone}`;
    return { kind: 'unchecked', takes: true, detail };
  }
  return {
    kind: 'zone',
    detail: `config says ${timezone}, L2L site ${site} is in ${theirs}; fix l2l.timezone at ${places.timezone}`,
  };
}
