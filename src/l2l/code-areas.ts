import type { CodeSubject, SentCode } from '../core/online-check.ts';
import type { L2lRecord } from './envelope.ts';

/** A record area of L2L whose codes rules send. */
type CodeArea = {
  /** As in `machines/`. */
  readonly method: string;
  /** Fields that are read beside `code` and `active`. */
  readonly fields?: readonly string[];
  /** Up to so many codes are asked for one by one. More: the whole list is read. */
  readonly few: number;
  /** What a record lacks for what the rules send, in words; undefined: nothing. */
  readonly lack?: (record: L2lRecord, sent: SentCode) => string | undefined;
  /** What comes of a code that L2L does not have. Left out: L2L refuses the call. */
  readonly unknown?: string;
};

/** Most areas hold some hundred records: one read of the list is cheaper than a read for each code. */
const FEW = 3;
/** A site may have tens of thousands of products. */
const FEW_PRODUCTS = 50;

export const CODE_AREAS: Readonly<Record<CodeSubject, CodeArea>> = {
  line: {
    method: 'lines/',
    fields: ['enable_pitchdetails_api'],
    few: FEW,
    lack: record =>
      isFalse(record.enable_pitchdetails_api)
        ? 'the line does not take production from outside; switch on enable_pitchdetails_api for it in L2L'
        : undefined,
  },
  machine: { method: 'machines/', few: FEW },
  type: {
    method: 'dispatchtypes/',
    fields: ['reasonrequiredonopen', 'requiretoolingonopen'],
    few: FEW,
    lack: (record, { opened }) => {
      if (opened && isTrue(record.requiretoolingonopen))
        return 'L2L wants a tooling when a dispatch of this type is opened, and the gateway has none; switch requiretoolingonopen off in L2L, or write another type';
      return opened === 'without reason' && isTrue(record.reasonrequiredonopen)
        ? 'L2L wants a reason when a dispatch of this type is opened; write reason: in each rule of this type, or switch reasonrequiredonopen off in L2L'
        : undefined;
    },
  },
  trade: { method: 'trades/', few: FEW, unknown: 'L2L refuses the dispatch, or takes its default trade' },
  reason: { method: 'reasons/', few: FEW },
  product: {
    method: 'productcomponents/',
    few: FEW_PRODUCTS,
    unknown: 'L2L refuses the record set, or makes a new product of this code',
  },
};

/** Whether L2L says no. A field that is missing says nothing. */
export function isFalse(value: unknown): boolean {
  return value === false || value === 0 || (typeof value === 'string' && /^(?:false|f|n|no|0)$/i.test(value.trim()));
}

/** Whether L2L says yes. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 1 || (typeof value === 'string' && /^(?:true|t|y|yes|1)$/i.test(value.trim()));
}
