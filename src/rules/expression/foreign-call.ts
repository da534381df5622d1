import type { TextProblem } from './tokens.ts';

const QUOTED = /'[^'\n]*'|"[^"\n]*"/g;
const CALL = /([A-Za-z_]\w*)\s*\(\s*(?:IN\s*:=\s*)?([A-Za-z_][\w.]*)\s*,\s*([^(),]*?)\s*\)/i;
const TIME = /^(?:PT\s*:=\s*)?(?:T(?:IME)?#)?(\d[\d.]*(?:ms|s|m|h|d))$/i;

/** Finds a call with two arguments: other languages have such calls for bits and timers. undefined: the text has none. */
export function foreignCall(text: string): TextProblem | undefined {
  const found = CALL.exec(text.replace(QUOTED, quoted => ' '.repeat(quoted.length)));
  const [, name = '', argument = '', second = ''] = found ?? [];
  if (!found) return undefined;
  return { offset: found.index, message: wordsFor(name, argument, second) };
}

function wordsFor(name: string, argument: string, second: string): string {
  const time = TIME.exec(second)?.[1]?.toLowerCase();
  if (time !== undefined) {
    const delay = name.toLowerCase() === 'tof' ? 'off_delay' : 'on_delay';
    const rest = name.toLowerCase() === 'still' ? `still(${argument})` : argument;
    return `delays are not part of a condition; write \`${rest}\` here and ${delay}: ${time} in the rule`;
  }
  if (/bit/i.test(name) && /^\d+$/.test(second)) return `\`${name}\` is not a function; write ${argument}.${second}`;
  return `\`${name}\` is not a function; the functions are \`good(signal)\` and \`still(signal)\``;
}
