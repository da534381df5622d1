const IS_TIME = /^(?:at|reported|completed|start|end|from|to|notBefore|\w+At)$/;

/** Times are ISO text in UTC, as on the status page. */
export function toLine(value: object): string {
  return JSON.stringify(value, (key, part: unknown) =>
    typeof part === 'number' && IS_TIME.test(key) ? new Date(part).toISOString() : part,
  );
}
