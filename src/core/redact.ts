const SHORTEST_KEY = 4;
const MASK = '***';

/**
 * Removes a key from a text, in every form in which a server or proxy may repeat it: plain, percent-encoded, inside JSON, in base64. A key
 * with fewer than four characters stays: it is no secret, and its removal would damage answers [P7].
 */
export function redactor(key: string): (text: string) => string {
  if (key.length < SHORTEST_KEY) return text => text;
  const forms = new Set([
    key,
    encodeURIComponent(key),
    JSON.stringify(key).slice(1, -1),
    Buffer.from(key).toString('base64'),
  ]);
  return text => {
    let clean = text;
    for (const form of forms) if (clean.includes(form)) clean = clean.replaceAll(form, MASK);
    return clean;
  };
}
