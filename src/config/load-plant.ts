import { ConfigError, type Place, type Problem } from '../core/errors.ts';
import { Secret, SecretText } from '../core/secret.ts';
import { codesOfRule } from '../rules/about-rules.ts';
import type { CodeTemplate, CompiledRule } from '../rules/program.ts';
import { Gateway } from './gateway-schema.ts';
import { L2l, Signed } from './l2l-schema.ts';
import { compile, loadConfig, readableParts, refuseTestFile, textOfFile } from './load.ts';
import type { ReadFile } from './read-file.ts';
import { type Read, type SchemaReader, schemaReader } from './read-schema.ts';
import { type Environment, references } from './references.ts';
import { parseYamlFile, textOf, type YamlFile } from './yaml-file.ts';

/** The codes that rules send to L2L. Each list is sorted and has each code once. */
export type PlantCodes = {
  readonly machines: readonly string[];
  readonly lines: readonly string[];
  /** Lines whose product L2L has to find. */
  readonly autodetect: readonly string[];
  readonly types: readonly string[];
  readonly trades: readonly string[];
  readonly reasons: readonly string[];
  readonly products: readonly string[];
  /** Reasons whose codes can't be listed, because the value of a signal is a part of them. As written in the rule. */
  readonly openReasons: readonly string[];
  /** Products whose codes can't be listed, for the same reason. */
  readonly openProducts: readonly string[];
  /** Rules without a trade that L2L asks for. */
  readonly withoutTrade: readonly string[];
};

/** What a config says about its L2L. */
export type Plant = PlantCodes & {
  /** As it was given. */
  readonly file: string;
  readonly site: number;
  readonly timezone: string;
  readonly user: string;
  /** `written`: the text of `api_key`, such as `${L2L_API_KEY}`. `value`: the key, or null when the reference has no value. */
  readonly key: { readonly written: string; readonly value: Secret | null };
  /** In whose name the gateway writes; null: in that of the key's user. */
  readonly realUser: string | null;
  /** The calls that the gateway signs; null: none. `secret` is as `key`. */
  readonly signed: { readonly server: string; readonly calls: Signed['calls']; readonly secret: Plant['key'] } | null;
  /** `url` null: the address is missing or not valid. */
  readonly sendsTo: { readonly mode: 'shadow' | 'live'; readonly url: string | null };
  /** The lines of these keys. */
  readonly places: { readonly mode: Place; readonly url: Place; readonly key: Place };
};

const DEFAULT_KEY = `\${L2L_API_KEY}`;

/**
 * Reads the part of a config that L2L knows too. Secrets may be missing, and so may `url`, `api_key` and the gateway's own settings.
 * Throws a ConfigError with every problem that `check` finds when the rest is not valid.
 */
export function loadPlant(file: string, env: Environment, readFile: ReadFile): Plant {
  const yaml = parseYamlFile(file, textOfFile(file, readFile));
  if (yaml.problems.length > 0) throw new ConfigError(yaml.problems);
  refuseTestFile(yaml);
  const reader = schemaReader(yaml, references(file, env, readFile));
  const site = reader.read(L2l.shape.site, ['l2l', 'site']);
  const timezone = reader.read(L2l.shape.timezone, ['l2l', 'timezone']);
  const user = reader.read(L2l.shape.user, ['l2l', 'user']);
  const parts = readableParts(reader, yaml);
  const compiled = parts?.broken.size === 0 ? compile(parts, file, readFile, yaml, reader) : undefined;
  const problems = [site, timezone, user].flatMap(read => ('problems' in read ? read.problems : []));
  if (compiled && 'problems' in compiled) problems.push(...compiled.problems);
  if (!compiled || !('program' in compiled) || problems.length > 0) {
    throw new ConfigError(problemsIn(file, env, readFile, reader.problems) ?? problems);
  }
  return {
    file,
    site: valueIn(site),
    timezone: valueIn(timezone),
    user: valueIn(user),
    key: keyOf(yaml, reader),
    realUser: orElse(reader.read(L2l.shape.real_user, ['l2l', 'real_user']), undefined) ?? null,
    signed: signedOf(yaml, reader),
    sendsTo: {
      mode: orElse(reader.read(Gateway.shape.mode, ['gateway', 'mode']), 'shadow'),
      url: orElse(reader.read(L2l.shape.url, ['l2l', 'url']), null),
    },
    places: {
      mode: yaml.placeOf(['gateway', 'mode']),
      url: yaml.placeOf(['l2l', 'url']),
      key: yaml.placeOf(['l2l', 'api_key']),
    },
    ...codesOf(compiled.program.rules),
  };
}

/** The codes that rules send to L2L, those from lookups included. Pure. */
export function codesOf(rules: readonly CompiledRule[]): PlantCodes {
  const sent = rules.map(rule => ({ name: rule.name, ...codesOfRule(rule) }));
  const reasons = sent.flatMap(({ reason }) => reason ?? []);
  const products = sent.flatMap(({ product }) => product ?? []);
  return {
    machines: sorted(sent.flatMap(({ machine }) => machine ?? [])),
    lines: sorted(sent.flatMap(({ line }) => line ?? [])),
    autodetect: sorted(sent.flatMap(({ line, product }) => (product === null && line !== undefined ? line : []))),
    types: sorted(sent.flatMap(({ type }) => type ?? [])),
    trades: sorted(sent.flatMap(({ trade }) => trade ?? [])),
    reasons: listed(reasons),
    products: listed(products),
    openReasons: open(reasons),
    openProducts: open(products),
    withoutTrade: sorted(sent.flatMap(({ name, trade }) => (trade === null ? name : []))),
  };
}

function open(templates: readonly CodeTemplate[]): readonly string[] {
  return sorted(templates.flatMap(({ codes, text }) => (codes === null ? text : [])));
}

function listed(templates: readonly CodeTemplate[]): readonly string[] {
  return sorted(templates.flatMap(({ codes }) => codes ?? []));
}

function sorted(codes: readonly string[]): readonly string[] {
  return [...new Set(codes)].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function keyOf(yaml: YamlFile, reader: SchemaReader, path = ['l2l', 'api_key']): Plant['key'] {
  const node = yaml.scalar(path);
  const read = reader.read(SecretText, path);
  // People see this text, so it has to be a reference and never a key in plain text.
  if (!node || !('value' in read)) return { written: DEFAULT_KEY, value: null };
  const written = textOf(node);
  // A reference without a value is returned as it is written.
  return { written, value: read.value.reveal() === written ? null : new Secret(read.value.reveal()) };
}

function signedOf(yaml: YamlFile, reader: SchemaReader): Plant['signed'] {
  const path = ['l2l', 'signed'];
  if (!yaml.has(path)) return null;
  const server = reader.read(Signed.shape.server, [...path, 'server']);
  const calls = reader.read(Signed.shape.calls, [...path, 'calls']);
  if ('problems' in server || 'problems' in calls) return null;
  return { server: server.value, calls: calls.value, secret: keyOf(yaml, reader, [...path, 'secret']) };
}

function orElse<Value, Other>(read: Read<Value>, other: Other): Value | Other {
  return 'value' in read ? read.value : other;
}

function valueIn<Value>(read: Read<Value>): Value {
  if ('value' in read) return read.value;
  throw new ConfigError(read.problems);
}

/** Every problem that `check` finds; references without a value only when there is nothing else. undefined: none. */
function problemsIn(
  file: string,
  env: Environment,
  readFile: ReadFile,
  unset: readonly Problem[],
): readonly Problem[] | undefined {
  try {
    loadConfig(file, env, readFile);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isUnset = new Set(unset.map(({ message }) => message));
    const others = error.problems.filter(({ message }) => !isUnset.has(message));
    return others.length > 0 ? others : error.problems;
  }
}
