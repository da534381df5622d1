import { type L2lRecord, numberField, textField } from './envelope.ts';
import type { ReadFailure } from './outcome.ts';
import { hasMore, type Reader } from './reader.ts';
import type { SiteZone } from './site-time.ts';

/** A dispatch as L2L lists it. */
export type DispatchRecord = {
  readonly id: number;
  readonly number: number;
  readonly type: string;
  readonly description: string;
  readonly externalId: string | undefined;
  /** The instants its local reported time can mean (two in the repeated hour). */
  readonly reported: readonly number[];
  readonly createdBy: string | undefined;
  /** Open, not completed, not deleted. */
  readonly isOpen: boolean;
  /** Closed or deleted. A completed dispatch is neither open nor closed. */
  readonly isClosed: boolean;
};

/** Without a type: all of the machine. */
export type DispatchSlot = { readonly site: number; readonly machine: string; readonly type?: string };

export type Listing = {
  readonly dispatches: readonly DispatchRecord[];
  /** false: there are more, but too many to read. */
  readonly isComplete: boolean;
};
type Listed = ({ readonly ok: true } & Listing) | { readonly ok: false; readonly outcome: ReadFailure };

const FIELDS =
  'id,dispatchnumber,description,externalid,reported,completed,closed,deleted,open,createdby,machinecode,dispatchtypecode';
const PAGE = 100;
const MOST_PAGES = 10;

/** The open dispatches of a machine, or of a machine and type. */
export async function listOpen(
  reader: Reader,
  zone: SiteZone,
  slot: DispatchSlot,
  signal: AbortSignal,
): Promise<Listed> {
  const listed = await listUnclosed(reader, zone, slot, signal);
  return listed.ok ? { ...listed, dispatches: listed.dispatches.filter(({ isOpen }) => isOpen) } : listed;
}

/** The dispatches of a machine that are open, or completed and not closed yet. */
export async function listUnclosed(
  reader: Reader,
  zone: SiteZone,
  slot: DispatchSlot,
  signal: AbortSignal,
): Promise<Listed> {
  const query = { ...filter(slot), open: 'T', order_by: 'id', limit: PAGE, fields: FIELDS };
  const found: L2lRecord[] = [];
  let isComplete = false;
  for (let page = 0; page < MOST_PAGES && !isComplete; page += 1) {
    const read = await reader.read('dispatches/', { ...query, offset: found.length }, signal);
    if (!read.ok) return read;
    found.push(...read.records);
    isComplete = !hasMore(read, PAGE);
  }
  const dispatches = dispatchesOf(found, slot, zone);
  return { ok: true, dispatches: dispatches.filter(({ isClosed }) => !isClosed), isComplete };
}

/**
 * Open, closed and deleted dispatches of a machine and type, newest first, back to `since`. One list over all of them: between
 * a list of the open and a list of the closed ones a dispatch could change sides.
 */
export async function listSince(
  reader: Reader,
  zone: SiteZone,
  slot: DispatchSlot,
  since: number,
  signal: AbortSignal,
): Promise<Listed> {
  const found: DispatchRecord[] = [];
  let offset = 0;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const range = { order_by: '-reported', limit: PAGE, offset };
    const read = await reader.read('dispatches/', { ...filter(slot), ...range, fields: FIELDS }, signal);
    if (!read.ok) return read;
    const dispatches = dispatchesOf(read.records, slot, zone);
    found.push(...dispatches);
    offset += read.records.length;
    const oldest = dispatches.at(-1)?.reported.at(-1);
    // An hour of grace: in the repeated hour L2L's order is not the order of the instants.
    if (!hasMore(read, PAGE) || (oldest !== undefined && oldest < since - 3_600_000)) {
      return { ok: true, dispatches: found, isComplete: true };
    }
  }
  return { ok: true, dispatches: found, isComplete: false };
}

function filter({ site, machine, type }: DispatchSlot) {
  return { site, machinecode: machine, dispatchtypecode: type };
}

// L2L is known to ignore filters it does not understand, so what it returns is checked against them.
function dispatchesOf(records: readonly L2lRecord[], slot: DispatchSlot, zone: SiteZone): DispatchRecord[] {
  return records.flatMap(record => {
    const id = numberField(record, 'id');
    if (id === undefined) return [];
    if ((textField(record, 'machinecode') ?? slot.machine) !== slot.machine) return [];
    const type = textField(record, 'dispatchtypecode') ?? slot.type ?? '';
    if (slot.type !== undefined && type !== slot.type) return [];
    return [
      {
        id,
        number: numberField(record, 'dispatchnumber') ?? id,
        type,
        description: textField(record, 'description') ?? '',
        externalId: textField(record, 'externalid'),
        reported: zone.parse(textField(record, 'reported') ?? ''),
        createdBy: textField(record, 'createdby'),
        isOpen: isOpen(record),
        isClosed: isClosed(record),
      },
    ];
  });
}

/** Fields by which {@link isOpen} and {@link isDeleted} decide. */
export const OPEN_FIELDS = 'open,completed,closed,deleted';

/** A completed dispatch is not open any more, although L2L lists it as such until it is closed. */
export function isOpen(record: L2lRecord): boolean {
  return !isClosed(record) && !record.completed;
}

function isClosed(record: L2lRecord): boolean {
  return isDeleted(record) || record.open === 'F' || record.open === false || Boolean(record.closed);
}

/** Documented as Y or nothing, seen as F. */
export function isDeleted({ deleted }: L2lRecord): boolean {
  return deleted === true || deleted === 'Y' || deleted === 'T';
}
