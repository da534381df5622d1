import { nearest } from '../core/nearest.ts';
import { foreignKey, plain } from './foreign-keys.ts';
import { isAt, type KeyPlace, placesOfKey } from './key-places.ts';
import type { Path, YamlFile } from './yaml-file.ts';

/** What to do with a key that is not valid where it stands. */
export type KeyAdvice = {
  readonly words: string;
  /** Keys of this map that the wrong one stands for. They are missing for this reason. */
  readonly answers: readonly string[];
  /** The right path of the key, when it is certain. The key is missing there for the same reason. */
  readonly right?: readonly string[];
  /** Where the key belongs. Keys with the same place are named together. */
  readonly place: string | null;
};

/** `valid`: the keys of the map at `path`. */
export function adviceFor(name: string, valid: readonly string[], path: Path, yaml: YamlFile): KeyAdvice {
  const same = valid.find(key => plain(key) === plain(name));
  if (same !== undefined) return found(`did you mean ${same}?`, [same]);
  const foreign = foreignKey(name, valid, key => yaml.has([...path, key]));
  const moved = elsewhere(name, path, yaml);
  // A name that is exactly a key of a map nearby is that key, whatever it means in other tools.
  if (moved && (!foreign || moved.isNear)) return moved.advice;
  if (foreign) return found(foreign.words, foreign.answers);
  const named = namedElsewhere(name, path, yaml);
  if (named) return named;
  const near = nearest(name, valid) ?? (name.length > 2 ? valid.find(key => key.startsWith(name)) : undefined);
  if (near !== undefined) return found(`did you mean ${near}?`, [near]);
  if (/[()[\]]/.test(name)) return found('a comma ends a value inside { }; put the text in quotes', []);
  if (/^\d/.test(name)) return found('a comma ends a value inside { }; write a point in a number, such as 1.5', []);
  return farAway(name, path) ?? found(`the keys here are ${valid.join(', ')}`, []);
}

function found(words: string, answers: readonly string[]): KeyAdvice {
  return { words, answers, place: null };
}

/** Another place in the file, or another protocol, that has such a key; undefined: none, or several. */
function farAway(name: string, path: Path): KeyAdvice | undefined {
  const here = path.map(String);
  const places = placesOfKey(name);
  const protocols = new Set(places.filter(place => isAt(place.path, here)).map(place => place.protocol));
  if (protocols.size > 0) return found(`only ${[...protocols].join(' and ')} sources have it here; take it out`, []);
  const paths = new Set(places.map(place => place.path.map(part => (part === '*' ? 'NAME' : part)).join('.')));
  const [only] = paths;
  if (paths.size !== 1 || only === undefined || only === '') return undefined;
  return { ...found(`it belongs under ${only}`, []), right: [...only.split('.'), name] };
}

/** A rule inside another rule, a signal beside `signals:`: the keys below the name show where it belongs. */
function namedElsewhere(name: string, path: Path, yaml: YamlFile): KeyAdvice | undefined {
  const here = path.map(String);
  const places = yaml.keys([...path, name]).flatMap(key => placesOfKey(key).map(place => place.path));
  const own = places.some(place => place.at(-1) === '*' && isAt(place, here));
  const above = here.at(-1) ?? '';
  if (own) return found(`it looks like what "${above}" is; begin it in the column of ${above}`, []);
  const inside = places.find(
    place => place.length === here.length + 2 && place.at(-1) === '*' && isAt(place.slice(0, -2), here),
  );
  const target = inside?.at(-2);
  if (target === undefined) return undefined;
  return { words: `under ${target}; indent it one level deeper, below ${target}:`, answers: [target], place: target };
}

type Moved = { readonly advice: KeyAdvice; readonly isNear: boolean };

/** The map below or above this one that has the key. */
function elsewhere(name: string, path: Path, yaml: YamlFile): Moved | undefined {
  const here = path.map(String);
  const protocol = here[0] === 'sources' ? protocolOf(here, yaml) : null;
  const places = placesOfKey(name).filter(place => place.protocol === null || place.protocol === protocol);
  const below = places.filter(place => place.path.length > here.length && isAt(place.path.slice(0, here.length), here));
  const inside = below.map(place => place.path.slice(here.length)).filter(rest => !rest.includes('*'));
  const shortest = Math.min(...inside.map(rest => rest.length));
  const nearby = inside.filter(rest => rest.length === shortest);
  const written = nearby.filter(rest => yaml.has([...path, ...rest]));
  const targets = written.length > 0 ? written : nearby;
  if (targets.length > 0) {
    const names = targets.map(rest => rest.join('.'));
    return {
      isNear: written.length > 0,
      advice: {
        words: `under ${names.join(' or ')}; indent it one level deeper, below ${names.map(target => `${target}:`).join(' or ')}`,
        answers: targets.map(([first]) => first ?? ''),
        right: [...here, ...(targets[0] ?? []), name],
        place: names.join(' or '),
      },
    };
  }
  const above = places
    .filter(place => place.path.length < here.length && isAt(place.path, here.slice(0, place.path.length)))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  if (above) return { isNear: here.length - above.path.length === 1, advice: aboveAdvice(name, above, here) };
  return undefined;
}

function aboveAdvice(name: string, { path }: KeyPlace, here: readonly string[]): KeyAdvice {
  const levels = here.length - path.length;
  const up = levels === 1 ? 'one level' : `${levels} levels`;
  return {
    words: `beside ${here[path.length] ?? ''}; move it ${up} up`,
    answers: [],
    right: [...here.slice(0, path.length), name],
    place: `beside ${here[path.length] ?? ''}`,
  };
}

function protocolOf(here: readonly string[], yaml: YamlFile): string | null {
  const node = yaml.scalar(['sources', here[1] ?? '', 'protocol']);
  return node ? String(node.value) : null;
}

/**
 * The error for a key in the place of a name, such as `dispatch:` in the column of the rules. undefined: it is a name.
 */
export function readAsName(path: Path, yaml: YamlFile): string | undefined {
  const here = path.map(String);
  const name = here.at(-1) ?? '';
  const isKeyThere = (key: string) =>
    placesOfKey(key).some(place => isAt(place.path, here) && place.path.at(-1) === '*');
  if (!isKeyThere(name) || yaml.keys(path).some(isKeyThere)) return undefined;
  const what = { rules: 'rule', sources: 'source', signals: 'signal', lookups: 'lookup' }[here.at(-2) ?? ''];
  if (what === undefined) return undefined;
  return `"${name}" is read as the name of a ${what}; indent it deeper, below the name of its ${what}`;
}
