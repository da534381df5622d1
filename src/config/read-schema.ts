import type { Scalar } from 'yaml';
import type { z } from 'zod';
import type { Problem } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { flatIssues, plainWords, problemsOf } from './issue-words.ts';
import { label } from './label.ts';
import type { References, Substituted } from './references.ts';
import { textProblem } from './text-checks.ts';
import { type Path, scalarValue, textOf, type YamlFile } from './yaml-file.ts';

/**
 * A scalar can be handed to the schema in more than one form. It starts as `written` (YAML's own reading; a text that is one whole
 * `${…}` as a Secret); where the schema asks for something else, the next form is tried.
 */
type Form = 'written' | 'text' | 'typed';

export interface SchemaReader {
  /** Parses the value at `path`. The problems are complete: one for each thing that the schema refuses. */
  read<Schema extends z.ZodType>(schema: Schema, path?: Path): Read<z.output<Schema>>;
  /** References without a value. */
  readonly problems: readonly Problem[];
  /** The text at `path` holds a `${…}`: its value is not to be quoted. */
  hidden(path: Path): boolean;
}

export type Read<Value> = { readonly value: Value } | { readonly problems: readonly Problem[] };

/** Brings YAML, references and zod schemas together. */
export function schemaReader(yaml: YamlFile, references: References): SchemaReader {
  const forms = new Map<string, Form>();
  const substitutions = new Map<string, Substituted>();
  const problems: Problem[] = [];
  /** Paths that have a problem already. */
  const refused = new Set<string>();

  yaml.data((node, path) => {
    const message = textProblem(node, path, references.env);
    if (message !== undefined) {
      refused.add(key(path));
      problems.push({ place: yaml.placeOf(path), message: `${label(path)}${message}` });
    }
    const substituted = references.substitute(textOf(node));
    if (!substituted) return null;
    substitutions.set(key(path), substituted);
    for (const { offset, message } of substituted.problems)
      problems.push({ place: yaml.placeOf(path, offset), message });
    return null;
  });

  function handedOver(node: Scalar, path: Path): unknown {
    const form = forms.get(key(path)) ?? 'written';
    const substituted = substitutions.get(key(path));
    if (!substituted) return form === 'text' ? textOf(node) : scalarValue(node);
    if (form === 'typed') return typed(substituted.text);
    return form === 'written' && substituted.whole ? new Secret(substituted.text) : substituted.text;
  }

  /** The form to try after an issue at a scalar; undefined when there is none left. */
  function nextForm(issue: z.core.$ZodIssue, path: Path): Form | undefined {
    const node = yaml.scalar(path);
    if (!node) return undefined;
    const form = forms.get(key(path)) ?? 'written';
    const substituted = substitutions.get(key(path));
    if (substituted) {
      if (form === 'written' && substituted.whole) return 'text';
      return form === 'text' && typed(substituted.text) !== substituted.text ? 'typed' : undefined;
    }
    // Codes are text however they look: the schema gets 0123, 12E3 and true as they stand in the file.
    const wantsText =
      (issue.code === 'invalid_type' && issue.expected === 'string') ||
      (issue.code === 'invalid_value' && issue.values.includes(textOf(node)));
    // null and ~ are YAML's words for nothing.
    return form === 'written' && wantsText && typeof node.value !== 'string' && node.value !== null
      ? 'text'
      : undefined;
  }

  return {
    problems,
    hidden: path => substitutions.has(key(path)),
    read(schema, path = []) {
      for (;;) {
        const data = path.reduce<unknown>(
          (parent, name) => (parent as Record<PropertyKey, unknown> | null | undefined)?.[name],
          yaml.data(handedOver),
        );
        const result = schema.safeParse(data, { error: plainWords });
        if (result.success) return { value: result.data };
        let changed = false;
        for (const issue of flatIssues(result.error.issues)) {
          const at = [...path, ...issue.path];
          const form = nextForm(issue, at);
          if (form) {
            forms.set(key(at), form);
            changed = true;
          }
        }
        if (!changed) {
          return {
            problems: problemsOf(result.error.issues, {
              yaml,
              base: path,
              quiet: at => refused.has(key(at)) || (substitutions.get(key(at))?.problems.length ?? 0) > 0,
              hidden: at => substitutions.get(key(at))?.text,
            }),
          };
        }
      }
    },
  };
}

function key(path: Path): string {
  return JSON.stringify(path.map(String));
}

/** A number or yes/no from a reference, read as YAML would read it. */
function typed(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^[-+]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}
