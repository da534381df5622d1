import type { z } from 'zod';
import type { Problem } from '../core/errors.ts';
import { adviceFor, type KeyAdvice, readAsName } from './key-advice.ts';
import { label } from './label.ts';
import type { Path, YamlFile } from './yaml-file.ts';

type Issue = z.core.$ZodIssue;
type Context = { readonly yaml: YamlFile; readonly base: Path };

export type UnknownKeys = {
  readonly problems: readonly Problem[];
  /** Whether an issue only follows from a wrong key: the missing value stands there under another name, or in another place. */
  answers(path: Path, issue: Issue): boolean;
};

/** Each key that is not valid in its place, with what to write. Keys that belong in the same place are one problem. */
export function unknownKeys(issues: readonly Issue[], { yaml, base }: Context): UnknownKeys {
  const problems: Problem[] = [];
  const answered = new Map<string, Set<string>>();
  const moved = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const path = [...base, ...issue.path];
    if (readAsName(path, yaml) !== undefined) continue;
    const valid = issue.message.split(',');
    const advices = issue.keys.map(name => ({ name, advice: adviceFor(name, valid, path, yaml) }));
    answered.set(keyOf(path), new Set(advices.flatMap(({ advice }) => advice.answers)));
    for (const { advice } of advices) if (advice.right) moved.add(keyOf(advice.right));
    for (const together of groups(advices)) {
      const [first] = together;
      if (first)
        problems.push({ place: yaml.keyPlaceOf([...path, first.name]), message: `${label(path)}${words(together)}` });
    }
  }
  return {
    problems,
    answers(path, issue) {
      const inMap = answered.get(keyOf(path.slice(0, -1)));
      const isThere = yaml.has(path) && !isEmpty(path, yaml);
      if ((inMap?.has(String(path.at(-1))) || moved.has(keyOf(path))) && !isThere) return true;
      const about: unknown = issue.code === 'custom' ? issue.params?.about : undefined;
      const ownMap = answered.get(keyOf(path));
      return Array.isArray(about) && about.map(String).some(key => inMap?.has(key) || ownMap?.has(key));
    },
  };
}

type Advised = { readonly name: string; readonly advice: KeyAdvice };

function groups(advices: readonly Advised[]): readonly (readonly Advised[])[] {
  const byPlace = new Map<string, Advised[]>();
  for (const advised of advices) {
    const key = advised.advice.place ?? JSON.stringify(advised.name);
    byPlace.set(key, [...(byPlace.get(key) ?? []), advised]);
  }
  return [...byPlace.values()];
}

function words(together: readonly Advised[]): string {
  const [first] = together;
  if (!first) return '';
  const { advice, name } = first;
  if (advice.place === null) return `unknown key "${name}"; ${advice.words}`;
  const names = together.map(({ name }) => name);
  if (names.length === 1) return `${name} belongs ${advice.words}`;
  const last = names.at(-1) ?? '';
  return `${names.slice(0, -1).join(', ')} and ${last} belong ${advice.words.replace(/ it /g, ' them ')}`;
}

/** Keys that stand in the place of a name. All problems below follow from that. */
export function namesOf(issues: readonly Issue[], { yaml, base }: Context) {
  const found = new Map<string, { readonly path: Path; readonly problem: Problem }>();
  for (const issue of issues) {
    const path = [...base, ...issue.path];
    for (let depth = 2; depth <= path.length; depth++) {
      const name = path.slice(0, depth);
      if (found.has(keyOf(name))) continue;
      const message = readAsName(name, yaml);
      if (message !== undefined)
        found.set(keyOf(name), { path: name, problem: { place: yaml.keyPlaceOf(name), message } });
    }
  }
  return [...found.values()];
}

export function isBelow(path: Path, above: Path): boolean {
  return keyOf(path.slice(0, above.length)) === keyOf(above);
}

function isEmpty(path: Path, yaml: YamlFile): boolean {
  const node = yaml.scalar(path);
  return node !== undefined && node.value === null;
}

function keyOf(path: Path): string {
  return JSON.stringify(path.map(String));
}
