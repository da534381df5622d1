import type { JSONValue } from 'json-p3';
import { errorMessage } from '../../core/errors.ts';
import type { Sample } from '../../core/sample.ts';
import { type ExactJson, exactJson, isRounded } from './exact-json.ts';
import { compilePath, type Found, type JsonPath } from './json-path.ts';
import { payloadTime } from './payload-time.ts';
import type { MqttSignal } from './schema.ts';
import { hasWildcard, takes } from './topics.ts';
import { decode, type Raw } from './value.ts';

/** The content of one message. */
export type Reading = {
  readonly samples: readonly Sample[];
  /** The message's own time (ms since 1970); undefined: it has none. A problem: its time can't be read. */
  readonly time: { readonly at: number } | { readonly problem: string } | undefined;
};

export interface Reader {
  /** Pure. Undefined: no signal reads this topic. */
  read(topic: string, payload: Buffer): Reading | undefined;
}

type Field = {
  readonly name: string;
  readonly signal: MqttSignal;
  readonly json: JsonPath | null;
  readonly time: JsonPath | null;
};

/** The most topics under wildcards in the table. With more, the table starts again empty, so that it stays small. */
const KNOWN_TOPICS = 10_000;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Compiles paths and topics once, so that a message costs only the work for its own signals. */
export function createReader(signals: Readonly<Record<string, MqttSignal>>): Reader {
  const exact = new Map<string, Field[]>();
  const wide = new Map<string, Field[]>();
  for (const [name, signal] of Object.entries(signals)) {
    const field = {
      name,
      signal,
      json: signal.json === undefined ? null : compilePath(signal.json),
      time: signal.time === undefined ? null : compilePath(signal.time),
    };
    const table = hasWildcard(signal.topic) ? wide : exact;
    table.set(signal.topic, [...(table.get(signal.topic) ?? []), field]);
  }
  const known = new Map<string, readonly Field[]>();

  function fieldsOf(topic: string): readonly Field[] {
    const seen = known.get(topic);
    if (seen) return seen;
    if (known.size >= KNOWN_TOPICS) known.clear();
    const fields = [...(exact.get(topic) ?? [])];
    for (const [filter, others] of wide) if (takes(filter, topic)) fields.push(...others);
    known.set(topic, fields);
    return fields;
  }

  return {
    read(topic, payload) {
      const fields = fieldsOf(topic);
      if (fields.length === 0) return undefined;
      const message = lazyMessage(payload);
      const timed = fields.find(field => field.time !== null)?.time;
      return {
        samples: fields.map(field => sample(field, message)),
        time: timed ? readTime(timed, message) : undefined,
      };
    },
  };
}

type Message = {
  text(): Found;
  document(): Found;
  /** The whole number at a place of the document, with all its digits. */
  exact(location: readonly (string | number)[]): { readonly value: Raw } | { readonly problem: string };
};

/**
 * Decodes the text and the JSON of a payload at most once, and only when a signal needs it. `exact` is called only after the text was
 * decoded and parsed.
 */
function lazyMessage(payload: Buffer): Message {
  let text: Found | undefined;
  let document: Found | undefined;
  let digits: ExactJson | undefined;
  const readText = () => {
    text ??= attempt(() => utf8.decode(payload), 'the payload is not UTF-8 text');
    return text;
  };
  return {
    text: readText,
    document() {
      if (document) return document;
      const found = readText();
      const parsed =
        'problem' in found ? found : attempt(() => JSON.parse(String(found.value)), 'the payload is not JSON');
      document = parsed;
      return parsed;
    },
    exact(location) {
      const found = readText();
      if ('problem' in found) return found;
      try {
        digits ??= exactJson(String(found.value));
        return { value: digits.at(location) };
      } catch (error) {
        return { problem: `the payload can't be searched: ${errorMessage(error)}` };
      }
    },
  };
}

function attempt(read: () => JSONValue, problem: string): Found {
  try {
    return { value: read() };
  } catch (error) {
    return { problem: `${problem}: ${errorMessage(error).slice(0, 80)}` };
  }
}

function follow(path: JsonPath, message: Message): { readonly value: Raw } | { readonly problem: string } {
  const document = message.document();
  if ('problem' in document) return document;
  const found = path.find(document.value);
  if ('problem' in found || typeof found.value !== 'number') return found;
  if (!Number.isFinite(found.value)) return { problem: `the number at ${path.text} is too large` };
  return isRounded(found.value) ? message.exact(found.location ?? []) : found;
}

function sample({ name, signal, json }: Field, message: Message): Sample {
  const raw = json ? follow(json, message) : message.text();
  const decoded = 'problem' in raw ? raw : decode(raw.value, signal);
  return 'problem' in decoded
    ? { signal: name, value: null, quality: 'bad', reason: decoded.problem }
    : { signal: name, value: decoded.value, quality: 'good' };
}

function readTime(path: JsonPath, message: Message): Reading['time'] {
  const found = follow(path, message);
  if ('problem' in found) return found;
  const at = payloadTime(typeof found.value === 'bigint' ? Number(found.value) : found.value);
  return at === undefined
    ? { problem: `${path.text} is not a time with a zone, nor a number of seconds or ms` }
    : { at };
}
