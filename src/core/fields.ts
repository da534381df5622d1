import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/** Milliseconds of `90s`, `2m`, `1h30m`; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(DURATION_PART))
    ms += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return ms;
}

/** Shortest form of a duration, for messages: `2m`, `1h30m`, `250ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = Math.round(ms);
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(rest / UNIT_MS[unit]);
    rest -= amount * UNIT_MS[unit];
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text;
}

/** A length of time (ms) in whole seconds, for people. Less than a second is `0s`. */
export function formatSeconds(ms: number): string {
  return formatDuration(Math.max(0, Math.floor(ms / 1000) * 1000));
}

/** A length of time as text with its unit; the parsed value is milliseconds. */
export const Duration = z
  .string('write a time with its unit, such as 90s, 2m or 1h30m')
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms === undefined) {
      context.issues.push({
        code: 'custom',
        input: text,
        message: `"${text}" is not a time; write it with its unit, such as 90s, 2m or 1h30m`,
      });
      return z.NEVER;
    }
    return ms;
  })
  .meta({
    description: 'A length of time with its unit: 500ms, 90s, 2m, 1h30m',
    kind: 'time',
    pattern: DURATION.source,
    examples: ['90s', '2m'],
  });

const SIZE_BYTES = { B: 1, kB: 1000, MB: 1000 ** 2, GB: 1000 ** 3, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;
const SIZE = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|KiB|MiB|GiB)$/;

/** Bytes of `64MiB` or `2GB`; undefined when it is not a size. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text);
  return match ? Math.round(Number(match[1]) * SIZE_BYTES[match[2] as keyof typeof SIZE_BYTES]) : undefined;
}

/** A size for messages: `64MiB` where that is exact, else with one decimal, such as `1.9GB`. */
export function formatSize(bytes: number): string {
  for (const unit of ['GB', 'GiB', 'MB', 'MiB', 'kB', 'KiB'] as const) {
    if (bytes > 0 && bytes % SIZE_BYTES[unit] === 0) return `${bytes / SIZE_BYTES[unit]}${unit}`;
  }
  for (const unit of ['GB', 'MB', 'kB'] as const) {
    if (bytes >= SIZE_BYTES[unit]) return `${(bytes / SIZE_BYTES[unit]).toFixed(1)}${unit}`;
  }
  return `${bytes}B`;
}

/** An amount of storage as text with its unit; the parsed value is bytes. */
export const Size = z
  .string('write a size with its unit, such as 64MiB or 2GB')
  .transform((text, context) => {
    const bytes = parseSize(text);
    if (bytes === undefined) {
      context.issues.push({
        code: 'custom',
        input: text,
        message: `"${text}" is not a size; write it with its unit, such as 64MiB or 2GB`,
      });
      return z.NEVER;
    }
    return bytes;
  })
  .meta({
    description: 'An amount of storage with its unit: 500MB, 2GB, 64MiB',
    kind: 'size',
    pattern: SIZE.source,
    examples: ['2GB', '64MiB'],
  });

const RATE = /^(\d+(?:\.\d+)?)\/(s|min|h)$/;
const RATE_MS = { s: 1000, min: 60_000, h: 3_600_000 } as const;

/** Units per millisecond of `60/min`; undefined when it is not a rate. */
export function parseRate(text: string): number | undefined {
  const match = RATE.exec(text);
  return match ? Number(match[1]) / RATE_MS[match[2] as keyof typeof RATE_MS] : undefined;
}

/** A rate as text; the parsed value is units per millisecond. */
export const Rate = z
  .string('write a rate, such as 60/min or 1/s')
  .transform((text, context) => {
    const rate = parseRate(text);
    if (rate === undefined || rate === 0) {
      context.issues.push({
        code: 'custom',
        input: text,
        message: `"${text}" is not a rate; write it as 60/min, 1/s or 900/h`,
      });
      return z.NEVER;
    }
    return rate;
  })
  .meta({ description: 'A rate: 60/min, 1/s, 900/h', kind: 'rate', pattern: RATE.source, examples: ['60/min'] });

/**
 * A code of L2L. It is always text: `0123` stays `0123`, and `12E3` is no number. For each scalar whose schema has `code: true`, the
 * YAML loader returns the text of the file, and not the value of YAML.
 */
export const Code = z
  .string('write a code as text')
  .trim()
  .min(1, 'the code is empty')
  .meta({ code: true, kind: 'code', description: 'A code as L2L knows it; always text', examples: ['PRESS-01'] });

/** A key that the rule language has and this version does not support yet. It is an error, and is never ignored. */
export function notBuilt(what: string) {
  return z
    .custom<never>(() => false, { error: `${what} is not built yet; take it out` })
    .optional()
    .meta({ notBuilt: true, description: `${what}: not built yet` });
}
