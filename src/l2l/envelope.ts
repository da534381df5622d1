/** One record of an answer. Field order and extra fields mean nothing: L2L promises neither. */
export type L2lRecord = Readonly<Record<string, unknown>>;

/** An answer that is L2L's: a JSON object that says whether the call succeeded. */
export type Envelope = {
  readonly success: boolean;
  /** `error`, `errors` or `message` as one text; empty when there is none. */
  readonly words: string;
  readonly body: L2lRecord;
};

/** null: no JSON, or not L2L's (a proxy's page, a login page, another service). */
export function parseEnvelope(text: string): Envelope | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON is an answer of its own kind here, not an error.
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

/** A number, also where L2L writes it as text; undefined when it is none. */
export function numberField(record: L2lRecord | undefined, name: string): number | undefined {
  const value = record?.[name];
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined;
}

/** A text; undefined when it is missing, null or empty. */
export function textField(record: L2lRecord | undefined, name: string): string | undefined {
  const value = record?.[name];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The words of a record or answer that reports an error. */
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
