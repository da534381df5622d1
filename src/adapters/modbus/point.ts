import {
  type ModbusSource,
  type Order,
  type RegisterType,
  registersOf,
  type Sentinel,
  type Table,
  tableOf,
  typeOf,
} from './schema.ts';

/** The place of a signal in its device, and how its registers are read. */
export type Point = {
  readonly signal: string;
  readonly unit: number;
  readonly table: Table;
  /** As written in the config. */
  readonly number: number;
  /** As on the wire: counted from 0. */
  readonly address: number;
  /** The number of its registers or bits. */
  readonly length: number;
  readonly type: RegisterType;
  readonly order: Order;
  readonly bit: number | null;
  readonly scale: number;
  readonly offset: number;
  /** Register values that mean "no value". */
  readonly invalid: readonly Sentinel[];
  /** How often it is read (ms). */
  readonly poll: number;
};

export function isBitTable(table: Table): boolean {
  return table === 'coil' || table === 'discrete_input';
}

/** The signals of a source as points, in the order written. */
export function pointsOf(config: ModbusSource): readonly Point[] {
  return Object.entries(config.signals).map(([name, signal]) => {
    const table = tableOf(signal);
    const type = typeOf(signal);
    const number = signal[table] ?? 0;
    return {
      signal: name,
      unit: signal.unit,
      table,
      number,
      address: number - config.first_register,
      length: isBitTable(table) ? 1 : registersOf(signal),
      type,
      order: signal.order ?? 'ABCD',
      bit: signal.bit ?? null,
      scale: signal.scale ?? 1,
      offset: signal.offset ?? 0,
      invalid: signal.invalid === undefined ? [] : [signal.invalid].flat(),
      poll: signal.poll ?? config.poll,
    };
  });
}

/** `holding 31 (PDU address 30)`: the number as written and the one on the wire. */
export function place(point: Point): string {
  return `${point.table} ${point.number} (PDU address ${point.address})`;
}

/** The first digit of the long form in which some manuals number a table: 40013 is holding register 13. */
const LONG_FORM: Readonly<Record<Table, number>> = { coil: 0, discrete_input: 10_000, input: 30_000, holding: 40_000 };

/** A question about a number that may be in the long form of a manual; undefined: it cannot be one. */
export function longFormNote({ signal, table, number, address }: Point): string | undefined {
  const short = number - LONG_FORM[table];
  if (LONG_FORM[table] === 0 || short < 1 || short > 9999) return undefined;
  const base = number === address ? 'first_register: 1 and ' : '';
  return `${signal}: ${table} ${number} goes over the wire as ${address}; if ${number} is in the manual's long form, write ${base}${table}: ${short}`;
}

/** The whole point in words, for `check` and as the identity of a counter's base. */
export function describe(point: Point): string {
  const parts = [`unit ${point.unit}`, place(point), point.type];
  if (point.type === 'string') parts.push(`of ${point.length * 2} characters`);
  if (point.order === 'BA' || (point.length > 1 && point.type !== 'string')) parts.push(point.order);
  if (point.bit !== null) parts.push(`bit ${point.bit}`);
  if (point.scale !== 1) parts.push(`scale ${point.scale}`);
  if (point.offset !== 0) parts.push(`offset ${point.offset}`);
  return parts.join(' ');
}
