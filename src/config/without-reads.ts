import { rulesWithoutReads } from '../rules/about-rules.ts';
import type { CompiledRule } from '../rules/program.ts';
import type { L2l } from './l2l-schema.ts';
import type { Path } from './yaml-file.ts';

/** What `l2l.reads: never` means for a config, each with the path of its key. Both lists are empty with `full`. */
export type WithoutReads = {
  /** A rule can't do its work. */
  readonly wrong: readonly { readonly path: Path; readonly message: string }[];
  /** The gateway does less than it could. */
  readonly weaker: readonly { readonly path: Path; readonly message: string }[];
};

const WEAKER = [
  'l2l.reads: never: the site, its time zone and the codes are not compared with L2L; a wrong time zone gives wrong times, and nobody notices',
  'l2l.reads: never: an open dispatch of a person is not seen; L2L is asked not to open a second one (prevent_duplicates), and what it then answers decides',
  'l2l.reads: never: after a lost answer nobody looks in L2L; an open is repeated with prevent_duplicates, and counts, comments, finished dispatches, closes of a machine, scrap and record sets wait for a person',
  'l2l.reads: never: record sets are sent one by one, because nobody can read what became of a batch; that makes more calls',
];

export function withoutReads({ reads }: Pick<L2l, 'reads'>, rules: readonly CompiledRule[]): WithoutReads {
  if (reads === 'full') return { wrong: [], weaker: [] };
  const ofRules = rulesWithoutReads(rules).map(({ rule, key, message, isWrong }) => ({
    path: ['rules', rule, ...key],
    message: `${rule}: ${message}`,
    isWrong,
  }));
  return {
    wrong: ofRules.filter(({ isWrong }) => isWrong),
    weaker: [
      ...WEAKER.map(message => ({ path: ['l2l', 'reads'], message })),
      ...ofRules.filter(({ isWrong }) => !isWrong),
    ],
  };
}
