import { readFileSync } from 'node:fs';
import { Damaged } from './check.ts';

const HEADER = 32;
const FRAME_HEADER = 24;
const MAGIC = 0x377f0682;

/**
 * Reads the write-ahead log as SQLite does, for damage that SQLite ignores [J6]. SQLite uses the log up to the first frame
 * with a wrong checksum and drops the rest. At the end of the log that frame is a commit which a power cut interrupted. Before the
 * end it is not: a later transaction began only after the earlier one was forced to disk, so the disk has lost
 * an acknowledged commit. Throws `Damaged` then.
 *
 * Limits: damage to the last transaction looks like an interrupted commit, and a deleted log leaves no trace.
 */
export function checkWal(file: string): void {
  const wal = readIfThere(file);
  // A header of zeros was never written: the file was made just before a power cut.
  if (wal.length < HEADER || wal.subarray(0, HEADER).every(byte => byte === 0)) return;
  const magic = wal.readUInt32BE(0);
  const pageSize = wal.readUInt32BE(8);
  const isHeader = (magic & ~1) === MAGIC && pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  const read = magic & 1 ? bigEndian : littleEndian;
  const sums = checksum(wal, 0, 24, [0, 0], read);
  if (!isHeader || sums[0] !== wal.readUInt32BE(24) || sums[1] !== wal.readUInt32BE(28)) {
    throw new Damaged('the head of its write-ahead log is not as it was written');
  }
  const lost = firstLost(wal, pageSize, sums, read);
  if (lost !== null) throw new Damaged(`frame ${lost} of its write-ahead log is not as it was written, later ones are`);
}

/** The first frame with a wrong checksum before a later valid transaction; null: there is none. */
function firstLost(wal: Buffer, pageSize: number, header: Sums, read: ReadWord): number | null {
  const size = FRAME_HEADER + pageSize;
  const salts = wal.subarray(16, 24);
  let previous = header;
  let lost: number | null = null;
  let committedSince = false;
  for (let frame = 0, at = HEADER; at + size <= wal.length; frame++, at += size) {
    // Other salts: the frame is a rest of an earlier log, or damaged.
    const isOfThisLog = wal.subarray(at + 8, at + 16).equals(salts);
    const stored: Sums = [wal.readUInt32BE(at + 16), wal.readUInt32BE(at + 20)];
    if (isOfThisLog && addsUp(wal, at, pageSize, previous, stored, read)) {
      if (committedSince) return lost;
    } else {
      lost ??= frame;
    }
    // The last frame of a transaction holds the size of the database after it.
    if (lost !== null && isOfThisLog && wal.readUInt32BE(at + 4) !== 0) committedSince = true;
    previous = stored;
  }
  return null;
}

function addsUp(wal: Buffer, at: number, pageSize: number, previous: Sums, stored: Sums, read: ReadWord): boolean {
  const head = checksum(wal, at, 8, previous, read);
  const [first, second] = checksum(wal, at + FRAME_HEADER, pageSize, head, read);
  return first === stored[0] && second === stored[1];
}

type Sums = readonly [number, number];
type ReadWord = (buffer: Buffer, at: number) => number;
const littleEndian: ReadWord = (buffer, at) => buffer.readUInt32LE(at);
const bigEndian: ReadWord = (buffer, at) => buffer.readUInt32BE(at);

/** SQLite's checksum: each pair of words goes into two running sums. */
function checksum(buffer: Buffer, from: number, length: number, start: Sums, read: ReadWord): Sums {
  let [first, second] = start;
  for (let at = from; at < from + length; at += 8) {
    first = (first + read(buffer, at) + second) >>> 0;
    second = (second + read(buffer, at + 4) + first) >>> 0;
  }
  return [first, second];
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return Buffer.alloc(0);
    throw cause;
  }
}
