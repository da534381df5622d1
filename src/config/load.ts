import { dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { signalsOf } from '../adapters/registry.ts';
import { type CommandLine, commandLine } from '../core/command-line.ts';
import { ConfigError, type Place, type Problem } from '../core/errors.ts';
import type { SignalDefinition } from '../core/sample.ts';
import { CONDITION_KEYS } from '../rules/about-rules.ts';
import { compileRules } from '../rules/compile-rules.ts';
import { type LookupTable, parseLookup } from '../rules/lookup.ts';
import type { Program } from '../rules/program.ts';
import { Rule, standIn } from '../rules/schema.ts';
import { unreadableCertificates } from './certificate-files.ts';
import { type Compared, comparedWithL2l } from './compared.ts';
import { DOES_NOT_FIT, inOrder, type PlainProblem } from './issue-words.ts';
import { label } from './label.ts';
import { firstBadPlace, type ReadFile, textIn, unreadable } from './read-file.ts';
import { type SchemaReader, schemaReader } from './read-schema.ts';
import { type Environment, type References, references } from './references.ts';
import { Config } from './schema.ts';
import { warningsOf } from './warnings.ts';
import { withoutReads } from './without-reads.ts';
import { type Path, parseYamlFile, type YamlFile } from './yaml-file.ts';

/** A config that is valid through and through, and what follows from it. */
export type LoadedConfig = {
  /** As it was given. */
  readonly file: string;
  readonly config: Config;
  readonly program: Program;
  readonly signals: ReadonlyMap<string, SignalDefinition>;
  readonly lookups: readonly LookupTable[];
  /** Absolute path of the journal's folder. */
  readonly dataFolder: string;
  /** Valid, but rarely meant: `check` shows these, and the gateway logs them when it starts. */
  readonly warnings: readonly Problem[];
  /** Writes a command that a person may type for the gateway of this config. */
  readonly commandLine: CommandLine;
  /** What L2L is asked about in a check. */
  readonly compared: Compared;
  /** Where a value is written, as `file:line`. */
  readonly placeOf: (path: Path) => string;
  /** What the gateway does less well because it may not read L2L, in plain sentences. */
  readonly weaker: readonly string[];
  /** Every file the config consists of, for whoever watches for changes. */
  readonly files: readonly string[];
};

/**
 * Reads a config file and the files that it names. Throws a ConfigError with every problem that it can find at once. Errors of YAML come
 * alone, because nothing else is certain before they are corrected. No message repeats the value of a `${…}`.
 */
export function loadConfig(file: string, env: Environment, readFile: ReadFile): LoadedConfig {
  const yaml = parseYamlFile(file, textOfFile(file, readFile));
  if (yaml.problems.length > 0) throw new ConfigError(yaml.problems);

  refuseTestFile(yaml);

  const held = references(file, env, readFile);
  const reader = schemaReader(yaml, held);
  const read = reader.read(Config);
  const problems = [...reader.problems, ...('problems' in read ? read.problems : [])];
  const parts =
    'value' in read ? { ...read.value, broken: new Map<string, ReadonlySet<string>>() } : readableParts(reader, yaml);
  const compiled = parts && compile(parts, file, readFile, yaml, reader);
  if (compiled && 'problems' in compiled) problems.push(...compiled.problems);

  const unread = withoutReads(
    'value' in read ? read.value.l2l : { reads: 'full' },
    compiled && 'program' in compiled ? compiled.program.rules : [],
  );
  problems.push(...unread.wrong.map(({ path, message }) => ({ place: yaml.keyPlaceOf(path), message })));
  if (problems.length > 0 || !('value' in read) || !compiled || !('program' in compiled)) {
    throw new ConfigError(finished(problems, file, held));
  }
  return {
    file,
    config: read.value,
    program: compiled.program,
    signals: compiled.signals,
    lookups: compiled.lookups,
    dataFolder: resolve(read.value.gateway.data),
    warnings: finished(
      warningsOf(
        {
          sources: read.value.sources,
          signals: compiled.signals,
          rules: compiled.program.rules,
          certificates: unreadableCertificates(read.value, readFile),
          cyclesFromProduction: read.value.l2l.cycles_from_production,
          unread,
        },
        yaml,
      ),
      file,
      held,
    ),
    commandLine: commandLine({ file }, env),
    weaker: unread.weaker.map(({ message }) => message),
    compared: comparedWithL2l(read.value.l2l, compiled.program.rules, yaml),
    placeOf(path) {
      const { line } = yaml.placeOf(path);
      return `${file}:${line}`;
    },
    files: [file, ...compiled.files],
  };
}

/** The text of a config file. Throws a ConfigError when there is none. */
export function textOfFile(file: string, readFile: ReadFile): string {
  let bytes: Uint8Array;
  try {
    bytes = readFile(file);
  } catch (error) {
    throw new ConfigError([{ message: `${unreadable(file, error)}` }]);
  }
  const text = textIn(bytes);
  if (text === undefined) {
    const message = `${file} is not UTF-8 text from here on; save it with the encoding UTF-8`;
    throw new ConfigError([{ place: { file, ...firstBadPlace(bytes) }, message }]);
  }
  return text;
}

/** Refuses a file of tests, which looks like a config. */
export function refuseTestFile(yaml: YamlFile): void {
  const keys = yaml.keys([]);
  if (!keys.includes('tests') || keys.includes('gateway')) return;
  throw new ConfigError([
    { place: yaml.keyPlaceOf(['tests']), message: 'this is a test file; test files are not built yet' },
  ]);
}

type Parts = Pick<Config, 'defaults' | 'sources' | 'lookups' | 'rules'> & {
  readonly gateway?: Config['gateway'];
  /** Rules that could not be read, each with the conditions that could. A stand-in takes the place of each, so that others may name it. */
  readonly broken: ReadonlyMap<string, ReadonlySet<string>>;
};

/** The conditions of a broken rule that can be checked all the same. */
function readableConditions(name: string, reader: SchemaReader, yaml: YamlFile): Record<string, string> {
  const read = CONDITION_KEYS.map(key => {
    const path = ['rules', name, key];
    const text = yaml.has(path) ? reader.read(z.string(), path) : undefined;
    return text && 'value' in text ? { [key]: text.value } : {};
  });
  return Object.assign({}, ...read);
}

/**
 * The readable parts of a config with errors. When sources and lookups can be read, the readable rules are checked too, so that a
 * person sees every mistake at once. null: too much can't be read.
 */
export function readableParts(reader: SchemaReader, yaml: YamlFile): Parts | null {
  const { defaults, sources, lookups } = Config.shape;
  const readDefaults = reader.read(defaults, ['defaults']);
  const readSources = reader.read(sources, ['sources']);
  const readLookups = reader.read(lookups, ['lookups']);
  if ('problems' in readDefaults || 'problems' in readSources || 'problems' in readLookups) return null;
  const broken = new Map<string, ReadonlySet<string>>();
  const readable: Record<string, Rule> = {};
  for (const name of yaml.keys(['rules'])) {
    const read = reader.read(Rule, ['rules', name]);
    if ('value' in read) {
      readable[name] = read.value;
      continue;
    }
    const conditions = readableConditions(name, reader, yaml);
    broken.set(name, new Set(Object.keys(conditions)));
    readable[name] = standIn(conditions);
  }
  return {
    defaults: readDefaults.value,
    sources: readSources.value,
    lookups: readLookups.value,
    rules: readable,
    broken,
  };
}

type Compiled =
  | {
      readonly program: Program;
      readonly signals: ReadonlyMap<string, SignalDefinition>;
      readonly lookups: readonly LookupTable[];
      readonly files: readonly string[];
    }
  | { readonly problems: readonly Problem[] };

export function compile(
  parts: Parts,
  file: string,
  readFile: ReadFile,
  yaml: YamlFile,
  reader: SchemaReader,
): Compiled {
  const signals = new Map(
    Object.entries(parts.sources)
      .flatMap(([name, source]) => signalsOf(name, source))
      .map(signal => [signal.name, signal]),
  );
  const lookups = readLookups(parts.lookups, file, readFile, yaml);
  if (lookups.problems.length > 0) return lookups;

  const silent = new Set<Place>();
  const hidden = new Map<Place, Path>();
  const compiled = compileRules({
    rules: parts.rules,
    defaults: parts.defaults,
    signals,
    sources: Object.keys(parts.sources),
    lookups: lookups.tables,
    mode: parts.gateway?.mode ?? 'shadow',
    freezeLimit: parts.gateway?.freeze_limit ?? 0,
    placeOf(path, offset) {
      const place = yaml.placeOf(path, reader.hidden(path) ? undefined : offset);
      const judged = parts.broken.get(String(path[1]));
      if (judged && !judged.has(String(path[2]))) silent.add(place);
      if (reader.hidden(path)) hidden.set(place, path);
      return place;
    },
  });
  if ('program' in compiled)
    return { ...compiled, signals, lookups: [...lookups.tables.values()], files: lookups.files };
  const problems = compiled.problems.filter(({ place }) => place === undefined || !silent.has(place));
  return {
    problems: problems.map(problem => {
      const path = problem.place && hidden.get(problem.place);
      return path ? { ...problem, message: `${label(path)}${DOES_NOT_FIT}` } : problem;
    }),
  };
}

function readLookups(lookups: Config['lookups'], file: string, readFile: ReadFile, yaml: YamlFile) {
  const tables = new Map<string, LookupTable>();
  const problems: Problem[] = [];
  const files: string[] = [];
  for (const [name, lookup] of Object.entries(lookups)) {
    const path = isAbsolute(lookup.file) ? lookup.file : join(dirname(file), lookup.file);
    try {
      const { key, default: row } = lookup;
      const parsed = parseLookup(readFile(path), { name, file: path, key, ...(row && { default: row }) });
      files.push(path);
      if ('table' in parsed) tables.set(name, parsed.table);
      else problems.push(...parsed.problems);
    } catch (error) {
      const at: Path = ['lookups', name, 'file'];
      problems.push({
        place: yaml.placeOf(at),
        message: `${label(at)}${unreadable(path, error, isAbsolute(lookup.file) ? '' : ' (looked for beside the config)')}`,
      });
    }
  }
  return { tables, problems, files };
}

/** Sorted, those of the config itself first, and masked. */
function finished(problems: readonly Problem[], file: string, held: References): readonly Problem[] {
  const own = problems.filter(({ place }) => place?.file === file);
  const others = problems.filter(({ place }) => place?.file !== file);
  return [...inOrder(own), ...inOrder(others)].map(problem => masked(problem, held));
}

/** A problem without the values of references. */
function masked(problem: Problem | PlainProblem, held: References): Problem {
  if (!('plain' in problem)) return { ...problem, message: held.mask(problem.message) };
  const { plain: _, ...said } = problem;
  return said;
}
