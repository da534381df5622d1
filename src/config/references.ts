import { dirname, resolve } from 'node:path';
import { isForbidden, type ReadFile, textIn, whyUnreadable } from './read-file.ts';

const REFERENCE = /\$\{([^}]*)\}?/g;
const WHOLE = /^\$\{[^}]*\}$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FILE = /^file:(.+)$/;

/** A shorter value (a port, a letter) would be found by chance in any message. No message quotes a text that holds one. */
const SHORTEST_MASKED = 4;

const CONTROL = /\p{Cc}/u;

/** A value without the line end behind it, which editors and `echo` write. */
function inOneLine(written: string, what: string): { readonly value: string } | { readonly problem: string } {
  const value = written.replace(/[\r\n]+$/, '');
  if (!CONTROL.test(value)) return { value };
  return { problem: `${what} holds more than one line, or a control character; write one line of text into it` };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A text whose `${…}` are replaced by their values. */
export type Substituted = {
  readonly text: string;
  /** The text is one reference and nothing else: the only way to write a secret. */
  readonly whole: boolean;
  readonly problems: readonly { readonly offset: number; readonly message: string }[];
};

/** What is wrong with the form of a reference. The text behind the name may be a secret and is not repeated. */
function formProblem(inside: string): string {
  const [, name, sign] = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(:?[-?+=])?/.exec(inside) ?? [];
  if (name !== undefined && sign !== undefined) {
    return `"\${${name}${sign}…}" gives a text for a missing ${name}, which is not read here; write \${${name}}, and set ${name} before the gateway starts`;
  }
  if (name !== undefined && name === inside.trim()) return `"\${${inside}}" has spaces in it; write \${${name}}`;
  return `"\${${inside}}" is no reference; write \${NAME} for the environment or \${file:/run/secrets/name} for a file`;
}

/** Puts the values of `${NAME}` and `${file:/path}` into texts, and remembers them, so that no message shows one. */
export interface References {
  /** Where the names are looked up. */
  readonly env: Environment;
  /** null: there is no reference in the text. */
  substitute(text: string): Substituted | null;
  /** The message with every substituted value written as its reference again. */
  mask(message: string): string;
}

/** `configFile`: relative paths in `${file:…}` count from its folder. */
export function references(configFile: string, env: Environment, readFile: ReadFile): References {
  const written = new Map<string, string>();

  function fromFile(path: string): { readonly value: string } | { readonly problem: string } {
    try {
      const value = textIn(readFile(resolve(dirname(configFile), path)));
      if (!value?.trim()) return { problem: `the file ${path} is empty or not UTF-8 text` };
      return inOneLine(value, `the file ${path}`);
    } catch (error) {
      const advice = isForbidden(error)
        ? "give the gateway's user the right to read it"
        : 'put it there or write another path';
      return { problem: `the file ${path} can't be read (${whyUnreadable(error)}); ${advice}` };
    }
  }

  function lookUp(name: string): { readonly value: string } | { readonly problem: string } {
    const path = FILE.exec(name)?.[1]?.trim();
    if (path) return fromFile(path);
    if (!NAME.test(name)) return { problem: formProblem(name) };
    const value = env[name];
    if (value === undefined) return { problem: `the environment has no ${name}; set it before the gateway starts` };
    if (!value.trim()) return { problem: `${name} is empty in the environment; give it a value` };
    return inOneLine(value, name);
  }

  return {
    env,
    substitute(text) {
      if (!text.includes('${')) return null;
      const problems: { offset: number; message: string }[] = [];
      const substituted = text.replace(REFERENCE, (reference: string, name: string, offset: number) => {
        const found = reference.endsWith('}')
          ? lookUp(name)
          : { problem: `"${reference}" has no closing }; write \${NAME}` };
        if ('problem' in found) {
          problems.push({ offset, message: found.problem });
          return reference;
        }
        written.set(found.value, reference);
        return found.value;
      });
      return { text: substituted, whole: WHOLE.test(text), problems };
    },
    mask(message) {
      // Longest first: a value inside another one must not leave the rest of that one readable.
      const values = [...written].filter(([value]) => value.length >= SHORTEST_MASKED);
      return values
        .toSorted(([a], [b]) => b.length - a.length)
        .reduce((masked, [value, reference]) => masked.replaceAll(value, reference), message);
    },
  };
}
