import { formatDuration } from '../../core/fields.ts';

/** How an instant (ms since 1970) is written on the page: ISO text with the site's offset. */
export type Iso = (at: number) => string;

export function isoOrNull(at: number | null, iso: Iso): string | null {
  return at === null ? null : iso(at);
}

/** A length of time (ms) for people: whole seconds, `0s` for less. */
export function lengthWords(ms: number): string {
  return formatDuration(Math.max(0, Math.floor(ms / 1000) * 1000));
}
