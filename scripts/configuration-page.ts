/** Makes the text of docs/configuration.md from the schemas of the config. */
import { stringify } from 'yaml';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { RULE_KINDS } from '../src/rules/kinds/registry.ts';

/** The parts of a JSON Schema that this page reads. */
type Schema = {
  readonly type?: string | readonly string[];
  readonly kind?: string;
  readonly range?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly required?: readonly string[];
  readonly not?: object;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
};

/** One key as a row: the names of outer keys stand before it, such as `journal.keep`. */
export type Row = { readonly key: string; readonly schema: Schema; readonly isRequired: boolean };
export type Section = {
  readonly title: string;
  readonly path: string;
  readonly about: string;
  readonly rows: readonly Row[];
};

/** Keys whose own keys have a section of this name. */
const RULE_SECTIONS: readonly string[] = RULE_KINDS.map(({ kind }) => kind);
const OWN_SECTIONS: readonly string[] = ['counter', ...RULE_SECTIONS];

const HEAD = `# Configuration

All keys of the config file, made from the schemas of the gateway by \`npm run schema\`. Do not edit this page.

[rules.md](rules.md) explains how rules behave, and [config/gateway.yaml](../config/gateway.yaml) is a complete file with comments. An
editor that knows JSON Schema shows the same texts while you type: its first line is
\`# yaml-language-server: $schema=./gateway.schema.json\`.

\`NAME\` in a path is a name that you choose: lower-case letters, digits and \`_\`. A key with a dot, such as \`journal.keep\`, is \`keep\`
inside \`journal\`. \`script[].for\` is \`for\` in each entry of the list \`script\`.

| value | you write |
|---|---|
| time | a number with its unit: \`500ms\`, \`90s\`, \`2m\`, \`1h30m\`, \`30d\` |
| size | a number with its unit: \`64MiB\`, \`2GB\` |
| rate | a number for each \`s\`, \`min\` or \`h\`: \`1/s\`, \`60/min\` |
| secret | a reference: \`\${NAME}\` for the environment, \`\${file:/run/secrets/name}\` for a file. It never stands in the config file |
| code | a code of L2L, as a text. \`0123\` keeps its zero |
| map | names of your choice, each with a value |
| signal | the name of a signal, such as \`press1.strokes\` |
| condition | see [Conditions](rules.md#conditions) |
| template | a text that may hold [signals and lookups](rules.md#texts-and-lookups) |

Any value may come from the environment or from a file, with the same references as a secret.
`;

/** The sections of the page, in its order. */
export function sectionsOf(config: Schema): readonly Section[] {
  const { gateway, l2l, sources, lookups, rules, defaults } = config.properties ?? {};
  const rule = entryOf(rules);
  const protocols = entryOf(sources).oneOf ?? [];
  const counter = signalOf(protocols[0] ?? {}).properties?.counter;
  return [
    section('gateway', 'gateway', gateway),
    section('l2l', 'l2l', l2l),
    ...protocols.flatMap(source => protocolSections(source)),
    section('counter', 'sources.NAME.signals.NAME.counter', counter),
    section('lookups', 'lookups.NAME', entryOf(lookups)),
    section('rules', 'rules.NAME', rule),
    ...RULE_SECTIONS.map(kind => section(kind, `rules.NAME.${kind}`, rule.properties?.[kind])),
    section('defaults', 'defaults.dispatch', defaults?.properties?.dispatch),
  ];
}

function protocolSections(source: Schema): readonly Section[] {
  const { const: protocol, description = '' } = source.properties?.protocol ?? {};
  return [
    section(`${description} source`, `sources.NAME\` with \`protocol: ${protocol}`, source),
    section(`${description} signal`, 'sources.NAME.signals.NAME', signalOf(source)),
  ];
}

const entryOf = (map: Schema | undefined): Schema => map?.additionalProperties || {};

/** The keys of a signal. A protocol may also know a short form, which is not an object. */
function signalOf(source: Schema): Schema {
  const signal = entryOf(source.properties?.signals);
  return signal.anyOf?.find(form => form.properties) ?? signal;
}

function section(title: string, path: string, schema: Schema = {}): Section {
  return { title, path, about: schema.description ?? '', rows: rowsOf(schema) };
}

/** Whether a section of its own explains the key. The `counter` of a rule is the name of a signal, so it has none. */
const hasSection = (name: string, schema: Schema): boolean =>
  OWN_SECTIONS.includes(name) && schema.properties !== undefined;

function rowsOf(schema: Schema, before = ''): readonly Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    if (property.not) return []; // such a key does not exist yet, or its place is elsewhere
    const key = `${before}${name}`;
    const row = { key, schema: property, isRequired: schema.required?.includes(name) ?? false };
    if (hasSection(name, property)) return [row];
    return [row, ...rowsOf(property, `${key}.`), ...rowsOf(property.items ?? {}, `${key}[].`)];
  });
}

/** Writes a value as it stands in the file. */
const written = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trim();

const code = (value: unknown): string => `\`${written(value)}\``;

/** Says which values a key takes: its type, its range or its words. */
export function valueWords(schema: Schema): string {
  if (schema.kind) return schema.kind + rangeWords(schema);
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(' ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(valueWords))].join(' or ');
  if (schema.items) return schema.items.properties ? 'list of objects' : `list of ${valueWords(schema.items)}s`;
  if (schema.additionalProperties) return 'map';
  if (schema.type === 'string') return `text${rangeWords(schema)}`;
  if (schema.type === 'boolean') return '`true` `false`';
  if (typeof schema.type === 'string') return schema.type + rangeWords(schema);
  return (schema.type ?? []).join(', ');
}

function rangeWords({ range, minimum, exclusiveMinimum, maximum }: Schema): string {
  if (range) return `, ${range}`;
  const from = minimum === undefined && exclusiveMinimum === 0 ? 'above 0' : minimum;
  const to = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (from !== undefined && to !== undefined) return ` ${from} to ${to}`;
  if (from !== undefined) return from === 'above 0' ? ` ${from}` : `, at least ${from}`;
  return '';
}

function defaultWords({ schema, isRequired }: Row): string {
  if (schema.properties || schema.default === undefined) return isRequired ? 'required' : '–';
  return code(schema.default);
}

/** A default serves as an example too. */
export function exampleWords({ schema }: Row): string {
  if (schema.default !== undefined) return '';
  return (schema.examples ?? []).slice(0, 2).map(code).join(' ');
}

function rowText(row: Row): string {
  const last = row.key.split('.').at(-1) ?? '';
  const about = hasSection(last, row.schema) ? `See [${last}](#${last})` : (row.schema.description ?? '');
  const cells = [`\`${row.key}\``, valueWords(row.schema), defaultWords(row), exampleWords(row), about];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function sectionText({ title, path, about, rows }: Section): string {
  if (title === 'defaults') {
    const keys = rows.map(({ key }) => `\`${key}\``).join(', ');
    return `## defaults\n\nPath: \`${path}\`. ${about}: ${keys}. See [dispatch](#dispatch) and [rules](#rules).\n`;
  }
  const table = ['| key | value | default | example | meaning |', '|---|---|---|---|---|', ...rows.map(rowText)];
  return `## ${title}\n\nPath: \`${path}\`. ${about}.\n\n${table.join('\n')}\n`;
}

export function configurationPage(): string {
  const sections = sectionsOf(configJsonSchema({ keepMarks: true }) as Schema);
  return [HEAD, ...sections.map(sectionText)].join('\n');
}
