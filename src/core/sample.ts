/** What a signal can say. 64-bit counters that leave the safe integer range are `bigint`; everything else numeric is `number`. */
export type Value = boolean | number | string | bigint;

/** OPC UA's three classes of a status code. `uncertain` counts as bad unless the signal's definition says otherwise. */
export type Quality = 'good' | 'uncertain' | 'bad';

/** One reading of one signal. A bad sample carries no value: no answer is never 0 or false. */
export type Sample = {
  readonly signal: string;
  readonly value: Value | null;
  readonly quality: Quality;
  /** The source's own time of this value (ms since 1970), when it gave one. Decides whether a value changed during a gap. */
  readonly sourceAt?: number;
  /** Why the quality is not good, in words for the person at the line. */
  readonly reason?: string;
};

/**
 * What one message, poll or notification said. All its samples are applied before any rule looks: no rule sees half a message.
 */
export type SampleBatch = {
  readonly source: string;
  /** Event time (ms since 1970): the source's where it is trusted, else the time of receipt. */
  readonly at: number;
  readonly receivedAt: number;
  /** `received`: the true time is not known (a queued message without a time of its own). */
  readonly time: 'source' | 'received';
  /** A retained MQTT message: sets a state, is never an edge, a pulse or a count. */
  readonly retained?: boolean;
  /** What was known when the connection or the process ended, and held ever since: the broker kept all that came after it. */
  readonly kept?: boolean;
  readonly samples: readonly Sample[];
  /** Set by transports that acknowledge: who the message is, and what to call once all it caused is committed. */
  readonly receipt?: Receipt;
};

/** Identity of an acknowledged message (MQTT QoS 1). A redelivery is recognised by packet id and hash, not by DUP alone. */
export type Receipt = {
  readonly packetId: number;
  readonly hash: string;
  /** It may have come before: the broker says so, or sends what it kept and the message says when it was made. */
  readonly duplicate: boolean;
  /** Called once, after the commit; sends the acknowledgement. Never throws. */
  readonly committed: () => void;
};

export type SourceState = 'connecting' | 'connected' | 'catching_up' | 'disconnected' | 'stopped';

export type SourceStatus = {
  readonly source: string;
  readonly state: SourceState;
  readonly at: number;
  /** Why it is not connected, in words, with what to do next. */
  readonly reason?: string;
};

/** The type a condition sees. `number` covers every numeric register type. */
export type SignalType = 'bool' | 'number' | 'string';

/** How a counter signal moves. Rates are in units per millisecond. */
export type CounterDefinition = {
  /** Highest value before it starts again at `wrapsTo`; null: never wraps, so a lower value is a reset. */
  readonly wrapsAt: number | bigint | null;
  /** What follows the highest value: the lowest of a signed type that goes on at its negative end. 0 when left out. */
  readonly wrapsTo?: number | bigint;
  /** Highest value up to which its type can count by ones, where that is less than 2^53: 2^24 of a 32-bit float. */
  readonly exactTo?: number;
  /** Highest plausible rate, units per millisecond. Steps above it are quarantined and shown. */
  readonly maxRate: number;
};

/** A configured signal, as the rules, the journal and the pages know it. */
export type SignalDefinition = {
  readonly name: string;
  readonly source: string;
  readonly type: SignalType;
  readonly counter?: CounterDefinition;
  /** Bits of a number's integer type, 0 for a float; undefined: the protocol does not say. */
  readonly bits?: number;
  /** Unit for people to read, such as kW. */
  readonly unit?: string;
  /** Address, type, width and scale as text: a counter's base belongs to this and to nothing else. */
  readonly fingerprint: string;
  /** Bad when nothing was received for so long (ms). For MQTT; a standing OPC UA value sends nothing. */
  readonly staleAfter?: number;
  /** The last good value is kept in the journal and restored when the session was present (MQTT). */
  readonly restorable: boolean;
  /** A number of a register: the table of its device, such as `unit 7 holding`, and what a register that holds 0 is shown as. */
  readonly register?: { readonly table: string; readonly empty: number };
  /** `uncertain` is taken as good. */
  readonly acceptUncertain: boolean;
};

/** JSON-safe form of a value, for causes, pages and logs. */
export function plainValue(value: Value | null): string | number | boolean | null {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** A value as text that is kept. 64-bit counters have no JSON form of their own. */
export function valueToJson(value: Value): string {
  return JSON.stringify(typeof value === 'bigint' ? { bigint: value.toString() } : value);
}

export function valueFromJson(text: string): Value {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && 'bigint' in value
    ? BigInt(String(value.bigint))
    : (value as Value);
}
