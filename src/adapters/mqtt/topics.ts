/** Why a topic filter is invalid, in words; undefined: it is valid (MQTT 5, 4.7). */
export function filterProblem(filter: string): string | undefined {
  if (filter === '') return 'a topic may not be empty';
  if (filter.includes('\0')) return 'a topic may not contain a null character';
  if (filter.startsWith('$share/'))
    return 'a shared subscription ($share/…) does not keep the order of one machine; leave it out';
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1))
      return '# must stand alone, as the last part of a topic, such as plant/cell7/#';
    if (level.includes('+') && level !== '+') return '+ must stand alone between two slashes, such as plant/+/state';
  }
  return undefined;
}

export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.endsWith('#');
}

/** Whether a filter matches a topic. With another filter in its place: whether it matches every topic of that filter. */
export function takes(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  // The broker's own topics ($SYS/…) match only a filter that names them.
  if (topic.startsWith('$') && wanted[0] !== levels[0]) return false;
  for (const [index, level] of wanted.entries()) {
    // `plant/#` matches `plant` itself too.
    if (level === '#') return true;
    const actual = levels[index];
    if (actual === undefined || actual === '#') return false;
    if (level !== '+' && level !== actual) return false;
  }
  return wanted.length === levels.length;
}

/**
 * The filters to subscribe to: those that no other filter covers. With two subscriptions for a topic, many brokers send its messages twice.
 */
export function subscriptions(filters: Iterable<string>): readonly string[] {
  const unique = [...new Set(filters)];
  const wide = unique.filter(hasWildcard);
  return unique.filter(filter => !wide.some(other => other !== filter && takes(other, filter)));
}
