import { didYouMean } from '../../core/nearest.ts';
import type { SignalDefinition } from '../../core/sample.ts';
import type { Operand } from './operand.ts';

/** Everything that a name in a condition can refer to. */
export type Names = {
  readonly signals: ReadonlyMap<string, SignalDefinition>;
  readonly sources: ReadonlySet<string>;
  /** Every rule, with its kind. */
  readonly rules: ReadonlyMap<string, string>;
  /** The kinds of rules that have `.active`. */
  readonly withActive: readonly string[];
};

export type Resolved = { readonly operand: Operand } | Refusal;

type Refusal = { readonly problem: string };

const HIGHEST_BIT = 63;

/**
 * Resolves a name: a signal, `source.connected`, `rule.active` or a bit of a word. A name with two meanings is refused. `hint` ends
 * the message about an unknown name.
 */
export function resolveName(name: string, names: Names, hint = ''): Resolved {
  const meanings = [
    signalNamed(name, names),
    connectedNamed(name, names),
    activeNamed(name, names),
    bitNamed(name, names),
  ];
  const operands = meanings.filter(meaning => meaning !== undefined).filter(isOperand);
  const [operand, second] = operands;
  if (operand && second) {
    return { problem: `\`${name}\` has two meanings: ${operands.map(describe).join(' and ')}; rename one of them` };
  }
  if (operand) return { operand };
  return (
    meanings.find(meaning => meaning !== undefined && 'problem' in meaning) ?? {
      problem: unknownName(name, names, hint),
    }
  );
}

/** Resolves the signal inside `good( )` or `still( )`. */
export function resolveArgument(kind: 'good' | 'still', name: string, names: Names): Resolved {
  if (names.signals.has(name)) return { operand: { kind, signal: name } };
  const bit = bitNamed(name, names);
  if (bit && 'bit' in bit) return { problem: `${kind}() takes a whole signal; write \`${kind}(${bit.signal})\`` };
  if (connectedNamed(name, names) || activeNamed(name, names)) {
    return { problem: `${kind}() takes a signal; \`${name}\` is never unknown, write it without ${kind}()` };
  }
  const other = otherThing(name, names);
  if (other !== undefined) return { problem: other };
  return { problem: `unknown signal \`${name}\`${didYouMean(name, names.signals.keys())}` };
}

function signalNamed(name: string, { signals }: Names): Operand | undefined {
  const signal = signals.get(name);
  return signal && { kind: 'signal', signal: name, type: signal.type };
}

function connectedNamed(name: string, { sources }: Names): Operand | undefined {
  const source = withoutEnding(name, '.connected');
  return source !== undefined && sources.has(source) ? { kind: 'connected', source } : undefined;
}

function activeNamed(name: string, { rules, withActive }: Names): Operand | Refusal | undefined {
  const rule = withoutEnding(name, '.active');
  const kind = rule === undefined ? undefined : rules.get(rule);
  if (rule === undefined || kind === undefined) return undefined;
  if (withActive.includes(kind)) return { kind: 'active', rule };
  return { problem: `\`${rule}\` is a ${kind} rule; only ${withActive.join(' and ')} rules have \`.active\`` };
}

function bitNamed(name: string, { signals }: Names): Operand | Refusal | undefined {
  const [, word, digits] = /^(.+)\.(\d+)$/.exec(name) ?? [];
  const signal = word === undefined ? undefined : signals.get(word);
  if (word === undefined || signal === undefined) return undefined;
  if (signal.type !== 'number') {
    return { problem: `\`${word}\` is ${signal.type === 'bool' ? 'yes/no' : 'text'} and has no bits` };
  }
  if (signal.counter) return { problem: `\`${word}\` counts; a bit of a counter says nothing, compare the number` };
  if (signal.bits === 0) return { problem: `\`${word}\` is no integer and has no bits` };
  const bit = Number(digits);
  const highest = (signal.bits ?? HIGHEST_BIT + 1) - 1;
  if (bit <= highest) return { kind: 'bit', signal: word, bit };
  const what = signal.bits === undefined ? 'a word' : `\`${word}\``;
  return { problem: `${what} has the bits 0 to ${highest}, bit 0 is the lowest; there is no bit ${digits}` };
}

function withoutEnding(name: string, ending: string): string | undefined {
  return name.endsWith(ending) ? name.slice(0, -ending.length) : undefined;
}

function isOperand(meaning: Operand | Refusal): meaning is Operand {
  return 'kind' in meaning;
}

function describe(meaning: Operand): string {
  switch (meaning.kind) {
    case 'bit':
      return `bit ${meaning.bit} of \`${meaning.signal}\``;
    case 'connected':
      return `the connection of source \`${meaning.source}\``;
    case 'active':
      return `the state of rule \`${meaning.rule}\``;
    default:
      return 'a signal';
  }
}

/** The message about a source or a rule that is named without its `.connected` or `.active`; undefined: it is neither. */
function otherThing(name: string, { sources, rules, withActive }: Names): string | undefined {
  if (sources.has(name)) return `\`${name}\` is a source; write ${name}.connected`;
  const kind = rules.get(name);
  if (kind === undefined) return undefined;
  if (withActive.includes(kind)) return `\`${name}\` is a rule; write ${name}.active`;
  return `\`${name}\` is a ${kind} rule; only ${withActive.join(' and ')} rules have a state, \`.active\``;
}

function unknownName(name: string, names: Names, hint: string): string {
  const other = otherThing(name, names);
  if (other !== undefined) return other;
  if (/^(?:yes|no|on|off)$/i.test(name)) {
    return `\`${name}\` is no signal; a condition names signals, and compares them with true and false`;
  }
  if (/\.(scheduled|shift)$/.test(name)) return `unknown signal \`${name}\`; calendars are not built yet`;
  const candidates = [
    ...names.signals.keys(),
    ...[...names.sources].map(source => `${source}.connected`),
    ...[...names.rules].filter(([, kind]) => names.withActive.includes(kind)).map(([rule]) => `${rule}.active`),
  ];
  const what = name.endsWith('.connected') ? 'source' : name.endsWith('.active') ? 'rule' : 'signal';
  const shown = what === 'signal' ? name : name.slice(0, name.lastIndexOf('.'));
  const meant = didYouMean(name, candidates);
  const looksLikeText = meant === '' && hint === '' && what === 'signal' && !name.includes('.');
  return `unknown ${what} \`${shown}\`${meant}${hint}${looksLikeText ? `; a text is written in quotes: '${name}'` : ''}`;
}
