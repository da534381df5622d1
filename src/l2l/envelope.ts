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
    body = JSON.parse(text);
  } catch {
    // An answer that is no JSON is expected here, and no error.
    return null;
  }
  if (!isRecord(body)) return null;
  const success = truth(body.success);
  return success === undefined ? null : { success, words: refusal(body), body };
}

/** The records of an answer: `data` or `machine`, one or a list. */
export function recordsOf(envelope: Envelope): readonly L2lRecord[] {
  const data = envelope.body.data ?? envelope.body.machine;
  return (Array.isArray(data) ? data : [data]).filter(isRecord);
}

/** A number, also one that L2L writes as text; undefined: the field is no number. */
export function numberField(record: L2lRecord | undefined, name: string): number | undefined {
  const value = record?.[name];
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined;
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
