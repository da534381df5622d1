import { z } from 'zod';

/** An open question of L2L's reference, and the answers that the sandbox can give to it. */
type Manner = {
  /** The question, as the end of "how L2L ...". */
  readonly words: string;
  /** Each possible answer with its meaning. */
  readonly values: Readonly<Record<string, string>>;
  readonly default: string;
  /** Where L2L's reference is silent or ambiguous. */
  readonly source: string;
};

/** Every open question of L2L's reference. A new one is an entry here, and a place in the sandbox that asks `call.manners`. */
export const MANNERS = {
  trade: {
    words: 'takes the trade of a new dispatch',
    values: {
      any: 'as a code or an id, in tradecode or in trade',
      tradecode: 'as a code in tradecode',
      trade_code: 'as a code in trade',
      trade_id: 'as an id in trade',
    },
    default: 'any',
    source: 'the reference of dispatches/open prints trade twice',
  },
  completed: {
    words: 'stores the completed time of a close',
    values: {
      given: 'as the close gives it',
      now: 'as the current time, unless the dispatch was completed before',
    },
    default: 'given',
    source: 'the reference of dispatches/close contradicts itself',
  },
  duplicate: {
    words: 'prevents a duplicate',
    values: {
      refuse: 'by a refusal',
      existing: 'by a success with the dispatch that is open',
      nothing: 'by a success without a dispatch',
    },
    default: 'refuse',
    source: 'the reference of dispatches/open, under prevent_duplicates',
  },
  overlap: {
    words: 'takes a record set that overlaps another one of its line',
    values: { refuse: 'never', accept: 'like any other' },
    default: 'refuse',
    source: 'the reference of pitchdetails/record_details does not say',
  },
  unknown_product: {
    words: 'takes a record set with a product that it does not have',
    values: { refuse: 'never', create: 'and creates the product' },
    default: 'refuse',
    source: 'the reference of pitchdetails/record_details does not say',
  },
  pitch_times: {
    words: 'writes the start and the end of a production detail',
    values: { site: "in the site's time", utc: 'in UTC' },
    default: 'site',
    source: 'the reference of pitchdetails notes UTC for created and lastupdated, and nothing for start and end',
  },
  batch_words: {
    words: 'names the state of a set in a batch',
    values: {
      small: 'queued, finished or failed',
      capitals: 'PENDING, PROCESSED or ERROR',
      numbers: '0, 2 or 3',
      unknown: 'neu, verbucht or abgewiesen',
    },
    default: 'small',
    source: 'the reference of record_details_batch_status lists no states',
  },
  pitch_filters: {
    words: 'takes comparisons such as end__lte in a read of production details',
    values: {
      compare: 'as in every other area',
      refuse: 'by a refusal: it wants the exact start and end',
      nothing: 'by an answer without a record',
    },
    default: 'compare',
    source: 'the reference of pitchdetails wants a filter by line and end, and one by product or start',
  },
  rate_limit: {
    words: 'limits the rate of calls',
    values: {
      none: 'not at all',
      retry_after: 'one call in ten gets HTTP 429 with Retry-After',
      bare: 'one call in ten gets HTTP 429 without Retry-After',
      unavailable: 'one call in ten gets HTTP 503',
      words: 'one call in ten gets HTTP 200 with success: false and words',
    },
    default: 'none',
    source: 'the reference speaks of rate limiting errors, and does not say what they look like',
  },
  refusal_words: {
    words: 'says why it refuses a call',
    values: { helpful: 'with the field and the record', opaque: 'with the same words for every cause' },
    default: 'helpful',
    source: 'the reference does not say',
  },
  rights: {
    words: 'lets the user of the key read',
    values: {
      full: 'every record area',
      write_only: 'no record area',
      no_sites: 'every record area but sites',
      no_lines: 'every record area but lines',
      no_machines: 'every record area but machines',
      no_dispatches: 'every record area but dispatches',
      no_pitchdetails: 'every record area but pitchdetails',
    },
    default: 'full',
    source: 'rights are given for each record area, and what a key gets differs from plant to plant',
  },
  missing_right: {
    words: 'answers when the user of the key lacks a right',
    values: { forbidden: 'HTTP 403', unauthorized: 'HTTP 401', words: 'HTTP 200 with success: false and words' },
    default: 'forbidden',
    source: 'the reference does not say',
  },
  lookups: {
    words: 'answers a read of lines, machines, types, trades, reasons and products',
    values: { row: 'with the records', none: 'without a record, as for a user who may not see them' },
    default: 'row',
    source: 'the reference does not say what a user gets that may see some records only',
  },
  created_by: {
    words: 'names the creator of a dispatch',
    values: { user: 'by the user that the call gives', key: 'by the user of the key' },
    default: 'user',
    source: 'the reference of dispatches/open does not say which one createdby is',
  },
  pages: {
    words: 'fills a page of records',
    values: { full: 'with as many as were asked for', short: 'with five at most, and says so in limit' },
    default: 'full',
    source: 'the reference says that a page may be smaller than what was asked for',
  },
  ids: {
    words: 'writes ids',
    values: { numbers: 'as numbers', strings: 'as strings' },
    default: 'numbers',
    source: 'the reference promises no types in an answer',
  },
  fields: {
    words: 'lists the fields of an answer',
    values: { known: 'in the order of the reference', other: 'in another order, with more of them' },
    default: 'known',
    source: 'the reference promises no order of fields',
  },
  lists: {
    words: 'writes a list without an entry',
    values: { empty: 'as an empty list', null: 'as null' },
    default: 'empty',
    source: 'the reference does not say',
  },
  signature: {
    words: 'takes the calls for which it has a secret key',
    values: { ignored: 'with and without a signature', required: 'only with the right signature' },
    default: 'ignored',
    source: 'the reference names no call that needs a signature',
  },
  real_user: {
    words: 'takes the parameter realuser',
    values: { with_auth: 'only when the key is the parameter auth', any: 'with the key in the header too' },
    default: 'with_auth',
    source: 'the reference says that it works only with the auth parameter',
  },
} as const satisfies Readonly<Record<string, Manner>>;

export type MannerName = keyof typeof MANNERS;

/** One answer to each open question. */
type Answers = { readonly [K in MannerName]: keyof (typeof MANNERS)[K]['values'] };

export type Manners = Answers & {
  /** How long a batch waits before it is worked on (ms). */
  readonly batchDelay: number;
  /** From one set of a batch to the next (ms). */
  readonly batchPace: number;
};

export const MANNER_NAMES = Object.keys(MANNERS) as readonly MannerName[];

/** How the sandbox answers when nobody says otherwise. */
export const DEFAULT_MANNERS: Manners = {
  ...(Object.fromEntries(MANNER_NAMES.map(name => [name, MANNERS[name].default])) as Answers),
  batchDelay: 1000,
  batchPace: 0,
};

export function valuesOf(name: MannerName): readonly string[] {
  return Object.keys(MANNERS[name].values);
}

/** Some of the manners, as a request gives them. */
export const SomeManners = z.strictObject({
  ...Object.fromEntries(MANNER_NAMES.map(name => [name, z.enum(valuesOf(name)).optional()])),
  batchDelay: z.int().nonnegative().optional(),
  batchPace: z.int().nonnegative().optional(),
}) as unknown as z.ZodType<{ readonly [K in keyof Manners]?: Manners[K] | undefined }>;
