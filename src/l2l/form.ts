/** The fields of a call. One that is undefined is left out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Fields as a form body or a query, in their order. Spaces become %20: L2L asks for it in queries, and every form parser reads it.
 * A lone surrogate in a string of a PLC becomes U+FFFD, not an error.
 */
export function encodeFields(fields: Fields): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) parts.push(`${name}=${encodeURIComponent(String(value).toWellFormed())}`);
  }
  return parts.join('&');
}

const BASE = '/api/1.0';

/** The path of a method such as `dispatches/open/`. The method is written as in L2L's reference. */
export function apiPath(method: string): string {
  return `${BASE}/${method}`;
}
