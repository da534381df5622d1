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
