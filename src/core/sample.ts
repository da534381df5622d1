/** The value of a signal. 64-bit counters beyond the safe integers are `bigint`; all other numbers are `number`. */
export type Value = boolean | number | string | bigint;

/** The three classes of a status code in OPC UA. `uncertain` counts as bad unless the signal's definition says otherwise. */
export type Quality = 'good' | 'uncertain' | 'bad';

/** One reading of one signal. A bad sample has no value. A missing answer never becomes 0 or false. */
export type Sample = {
  readonly signal: string;
  readonly value: Value | null;
  readonly quality: Quality;
  /** The source's own time of this value (ms since 1970), if it has one. It shows whether the value changed during a gap. */
  readonly sourceAt?: number;
  /** Why the quality is not good, for people at the line. */
  readonly reason?: string;
};

/** The samples of one message, poll or notification. All of them are applied before any rule runs, so no rule sees half a message. */
export type SampleBatch = {
  readonly source: string;
  /** Event time (ms since 1970): the source's where it is trusted, else the time of receipt. */
  readonly at: number;
  readonly receivedAt: number;
  /** `received`: the true time is not known, as with a queued message that has no time of its own. */
  readonly time: 'source' | 'received';
  /** A retained MQTT message. It sets a state, and is never an edge, a pulse or a count. */
  readonly retained?: boolean;
  /** The values from the end of the last connection or process. They are still valid, because the broker kept all later messages. */
  readonly kept?: boolean;
  readonly samples: readonly Sample[];
  /** For transports with acknowledgements: the identity of the message, and the call that acknowledges it after the commit. */
  readonly receipt?: Receipt;
};

/** Identity of an acknowledged message (MQTT QoS 1). A redelivery is recognised by packet id and hash, not by DUP alone. */
export type Receipt = {
  readonly packetId: number;
  readonly hash: string;
  /** It may be a repetition: the broker says so, or it is a kept message with a time of its own. */
  readonly duplicate: boolean;
  /** Called once, after the commit; sends the acknowledgement. Never throws. */
  readonly committed: () => void;
};

export type SourceState = 'connecting' | 'connected' | 'catching_up' | 'disconnected' | 'stopped';

export type SourceStatus = {
  readonly source: string;
  readonly state: SourceState;
  readonly at: number;
  /** Why it is not connected, in words, with the next step. */
  readonly reason?: string;
};

/** The type of a signal in a condition. `number` covers every numeric register type. */
export type SignalType = 'bool' | 'number' | 'string';

/** How a counter signal moves. Rates are in units per millisecond. */
export type CounterDefinition = {
  /** The highest value, after which the counter continues at `wrapsTo`; null: it never wraps, so a lower value is a reset. */
  readonly wrapsAt: number | bigint | null;
  /** The value after the highest one. A signed type may continue at its lowest value. Left out: 0. */
  readonly wrapsTo?: number | bigint;
  /** The highest value up to which the type counts in steps of 1, if that is less than 2^53: 2^24 for a 32-bit float. */
  readonly exactTo?: number;
  /** The highest plausible rate (units per millisecond). Faster steps are quarantined and shown. */
  readonly maxRate: number;
};

/** A signal of the config, for the rules, the journal and the pages. */
export type SignalDefinition = {
  readonly name: string;
  readonly source: string;
  readonly type: SignalType;
  readonly counter?: CounterDefinition;
  /** Bits of an integer type, 0 for a float; undefined: the protocol does not say. */
  readonly bits?: number;
  /** Unit for people to read, such as kW. */
  readonly unit?: string;
  /** Address, type, width and scale as text. The base of a counter is valid only for this text. */
  readonly fingerprint: string;
  /** The signal becomes bad when nothing was received for this time (ms). For MQTT only: OPC UA sends nothing while a value stays the same. */
  readonly staleAfter?: number;
  /** The last good value is kept in the journal and restored when the session was present (MQTT). */
  readonly restorable: boolean;
  /** For a number from a register: the table of its device, such as `unit 7 holding`, and the value that a register with 0 gives. */
  readonly register?: { readonly table: string; readonly empty: number };
  /** The quality `uncertain` counts as good. */
  readonly acceptUncertain: boolean;
};

/** JSON-safe form of a value, for causes, pages and logs. */
export function plainValue(value: Value | null): string | number | boolean | null {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** A value as text for the journal. JSON has no number for 64-bit counters. */
export function valueToJson(value: Value): string {
  return JSON.stringify(typeof value === 'bigint' ? { bigint: value.toString() } : value);
}

export function valueFromJson(text: string): Value {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && 'bigint' in value
    ? BigInt(String(value.bigint))
    : (value as Value);
}
