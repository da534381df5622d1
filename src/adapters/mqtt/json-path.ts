import { compile, type JSONPathNode, type JSONValue } from 'json-p3';
import { errorMessage } from '../../core/errors.ts';

/** The result of a path: exactly one value, or the reason why not, in words. */
export type Found =
  | { readonly value: JSONValue; readonly location?: readonly (string | number)[] }
  | { readonly problem: string };

/** A compiled RFC 9535 path that has to find exactly one value. */
export type JsonPath = { readonly text: string; find(document: JSONValue): Found };

/** Why a path is not RFC 9535, in words; undefined when it is valid. */
export function pathProblem(path: string): string | undefined {
  try {
    compile(path);
    return undefined;
  } catch (error) {
    return `"${path}" is not a JSON path: ${errorMessage(error)}; write it such as $.temp or $.robots[?@.id=='R3'].fault`;
  }
}

/** A document that is nested too deep ends the search. It must not end the gateway, each time the broker sends it again. */
function nodesOf(
  query: ReturnType<typeof compile>,
  document: JSONValue,
): readonly JSONPathNode[] | { readonly problem: string } {
  try {
    return query.query(document).nodes;
  } catch (error) {
    return { problem: `the payload can't be searched: ${errorMessage(error)}` };
  }
}

/** Throws when the path is not valid, but the schema has refused such a path before. */
export function compilePath(text: string): JsonPath {
  const query = compile(text);
  return {
    text,
    find(document) {
      const nodes = nodesOf(query, document);
      if ('problem' in nodes) return nodes;
      const [only] = nodes;
      if (only && nodes.length === 1) return { value: only.value, location: only.location };
      return {
        problem: only ? `${text} matches ${nodes.length} values, it has to match one` : `${text} matches nothing`,
      };
    },
  };
}
