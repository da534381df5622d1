/** What a call's fields can be; undefined is left out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Form body or query in the order written. Spaces become %20, which L2L asks for in queries and which every form parser reads.
 * A lone surrogate from a PLC's string becomes U+FFFD instead of an error.
 */
export function encodeFields(fields: Fields): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) parts.push(`${name}=${encodeURIComponent(String(value).toWellFormed())}`);
  }
  return parts.join('&');
}

const BASE = '/api/1.0';

/** Address of a method below the site's address, such as `dispatches/open/`; written as the reference prints it. */
export function apiPath(method: string): string {
  return `${BASE}/${method}`;
}
