/** One record of an answer. Its order of fields and any extra fields have no meaning: L2L promises neither. */
export type L2lRecord = Readonly<Record<string, unknown>>;

/** An answer of L2L: a JSON object that says whether the call succeeded. */
export type Envelope = {
  readonly success: boolean;
  /** `error`, `errors` or `message` as one text; empty when there is none. */
  readonly words: string;
  readonly body: L2lRecord;
};

/** null: the answer is no JSON, or not from L2L, but from a proxy, a login page or another service. */
export function parseEnvelope(text: string): Envelope | null {
  let body: unknown;
  try {
    body = exactly(withoutMarks(text));
  } catch {
    // An answer that is no JSON is expected here, and no error.
    return null;
  }
  if (!isRecord(body)) return null;
  const success = truth(body.success);
  return success === undefined ? null : { success, words: refusal(body), body };
}

/** What servers and middleboxes put before JSON: byte order marks, guards against scripts that load it, comments. */
const BEFORE_JSON = /^(?:[\s\0\uFEFF]|ï»¿|\)\]\}',?|for ?\(;;\);|while ?\(1\);|<!--[\s\S]*?-->)+/;
/** And behind it: how such a mark ends, and how it begins. */
const BEHIND_JSON = [
  ['-->', '<!--'],
  ['</script>', '<script'],
] as const;

/** An answer without marks around its JSON. Anything else that stands there makes it no JSON. */
function withoutMarks(text: string): string {
  let json = text.replace(BEFORE_JSON, '').trimEnd();
  for (;;) {
    const [, begin] = BEHIND_JSON.find(([end]) => json.endsWith(end)) ?? [];
    const at = begin === undefined ? -1 : json.lastIndexOf(begin);
    if (at < 0) return json;
    json = json.slice(0, at).trimEnd();
  }
}

/** Parses JSON. A whole number that a double would round stays the text of its digits. */
function exactly(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown, { source = '' }: { readonly source?: string } = {}) =>
    typeof value === 'number' && /^-?\d+$/.test(source) && !Number.isSafeInteger(value) ? source : value,
  );
}

/** The records of an answer: `data` or `machine`, one or a list. */
export function recordsOf(envelope: Envelope): readonly L2lRecord[] {
  const data = envelope.body.data ?? envelope.body.machine;
  return (Array.isArray(data) ? data : [data]).filter(isRecord);
}

/**
 * A number, also one that L2L writes as text; undefined: the field is no number. Throws when the gateway would take it for another
 * number: a rounded id names another dispatch.
 */
export function numberField(record: L2lRecord | undefined, name: string): number | undefined {
  const value = record?.[name];
  const text = typeof value === 'string' ? value.trim() : '';
  const number = typeof value === 'number' ? value : text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number)) return undefined;
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
    throw new Error(
      `L2L gave ${text || number} as ${name}; numbers above ${Number.MAX_SAFE_INTEGER} are not supported, so the call waits. Ask for a newer version of the gateway`,
    );
  }
  return number;
}

/** A text; undefined: the field is missing, null or empty. */
export function textField(record: L2lRecord | undefined, name: string): string | undefined {
  const value = record?.[name];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The reason in a record or an answer that reports an error. */
export function refusal(record: L2lRecord): string {
  for (const name of ['error', 'errors', 'error_message', 'message', 'detail']) {
    const text = flatten(record[name]);
    if (text !== '') return text;
  }
  return '';
}

export function isRecord(value: unknown): value is L2lRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function truth(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

function flatten(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (Array.isArray(value)) return value.map(flatten).filter(Boolean).join('; ');
  if (isRecord(value)) {
    return Object.entries(value)
      .map(([name, inner]) => `${name}: ${flatten(inner)}`)
      .join('; ');
  }
  return value === undefined || value === null ? '' : String(value);
}
