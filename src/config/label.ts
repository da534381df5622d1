/** Names in front of a message, as people say them: `press1_down.on_delay: `, `rs485.meter7.power.unit: `. */
export function label(path: readonly PropertyKey[]): string {
  const names = path.map(String);
  const [first, second, third, ...rest] = names;
  if (first === 'rules' && second !== undefined) return `${names.slice(1).join('.')}: `;
  if (first === 'sources' && second !== undefined) {
    return `${[second, ...(third === 'signals' ? [] : third === undefined ? [] : [third]), ...rest].join('.')}: `;
  }
  return names.length > 0 ? `${names.join('.')}: ` : '';
}
