import { type Document, visit, type YAMLError } from 'yaml';
import type { Place, Problem } from '../core/errors.ts';
import { misreadIn } from './misread.ts';
import { tooDeep, tooWide } from './nesting.ts';
import { losesTheThread, type Surroundings, yamlProblem } from './yaml-problem.ts';

const UNREAD = 'what follows could not be read; correct this first';

/** Errors of YAML, and places that YAML reads in another way than the writer meant. From top to bottom, one for each line. */
export function documentProblems(document: Document, text: string, placeAt: (offset: number) => Place): Problem[] {
  const deep = tooDeep(document, placeAt) ?? tooWide(document, placeAt);
  // Nothing else is certain: YAML's parser may have given up halfway.
  if (deep) return [deep];

  const problems: Problem[] = [];
  const sayOnce = (problem: Problem) => {
    // A second error on the same line only follows from the first.
    if (!problems.some(said => said.place?.line === problem.place?.line)) problems.push(problem);
  };

  const misread = misreadIn(document, text);
  for (const { offset, message } of misread) sayOnce({ place: placeAt(offset), message });
  const around = surroundingsOf(document, text, placeAt);
  const errors = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const lost = errors.findIndex(losesTheThread);
  for (const error of lost === -1 ? errors : errors.slice(0, lost + 1)) {
    if (misread.some(({ offset }) => explains(offset, error, placeAt))) continue;
    const problem = yamlProblem(error, text, around);
    const isLast = lost !== -1 && lost < errors.length - 1 && error === errors[lost];
    sayOnce(isLast ? { ...problem, message: `${problem.message}; ${UNREAD}` } : problem);
  }
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document)) return;
      const message = `"*${alias.source}" refers to nothing above it; write the text out, or put it in quotes`;
      sayOnce({ place: placeAt(alias.range?.[0] ?? 0), message });
    },
  });
  return problems.toSorted((a, b) => (a.place?.line ?? 0) - (b.place?.line ?? 0));
}

/** The likely reason of an error: a misread text before it, or on its line. */
function explains(offset: number, error: YAMLError, placeAt: (offset: number) => Place): boolean {
  if (losesTheThread(error)) return offset <= error.pos[1];
  return placeAt(offset).line === placeAt(error.pos[0]).line;
}

function surroundingsOf(document: Document, text: string, placeAt: (offset: number) => Place): Surroundings {
  return {
    placeAt,
    scalarBefore(offset) {
      let start = offset;
      visit(document, {
        Scalar(_, { range }) {
          if (range && range[0] < offset && offset <= range[2]) start = range[0];
        },
      });
      return start;
    },
    bracketBefore(offset) {
      let open: number | undefined;
      visit(document, {
        Collection(_, { flow, range }) {
          if (!flow || !range || range[0] >= offset) return;
          if (text[range[1] - 1] !== (text[range[0]] === '{' ? '}' : ']')) open = range[0];
        },
      });
      return open;
    },
    sameKeyBefore(offset) {
      let before: number | undefined;
      visit(document, {
        Map(_, { items }) {
          const keys = items.map(({ key }) => key as { readonly value?: unknown; readonly range?: readonly number[] });
          const second = keys.find(key => key.range?.[0] === offset);
          const first = second && keys.find(key => key.value === second.value);
          if (first?.range?.[0] !== offset) before = first?.range?.[0] ?? before;
        },
      });
      return before;
    },
  };
}
