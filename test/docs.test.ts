import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configurationPage, exampleWords, sectionsOf, valueWords } from '../scripts/configuration-page.ts';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { loadConfig } from '../src/config/load.ts';
import { queueWords } from '../src/queue/queue-words.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PAGES = ['*.md', 'docs/**/*.md', 'src/**/*.md'].flatMap(pattern => globSync(pattern, { cwd: ROOT }));

const withoutCode = (text: string) => text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchors that GitHub makes from headings. */
function anchorsOf(page: string): readonly string[] {
  const text = read(page).replaceAll(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function brokenLinks(page: string): readonly string[] {
  return [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(ROOT, file))) return [`${page}: ${link}`];
    return anchor === undefined || anchorsOf(file).includes(anchor) ? [] : [`${page}: ${link}`];
  });
}

/** The messages in the first column of the tables. Each is split into its fixed parts. */
function messagesOf(page: string): readonly (readonly string[])[] {
  return [...read(page).matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = '']) =>
    message.split('…').map(part => part.trim()),
  );
}

/** The ids in the rows of the invariants page: `| [D3] | …`. */
function invariantIds(): readonly string[] {
  return [...read('docs/invariants.md').matchAll(/^\| \[([A-Z]\d+)\] \|/gm)].map(([, id = '']) => id);
}

/** The ids that comments cite: `[D3]`, `[D3, C2]`. */
function citedIds(text: string): readonly string[] {
  const comments = [...text.matchAll(/^\s*(?:\/\*\*|\*|\/\/).*$|\/\/ .*$/gm)].map(([line]) => line).join('\n');
  return [...comments.matchAll(/\[([A-Z]\d+(?:, [A-Z]\d+)*)\]/g)].flatMap(([, ids = '']) => ids.split(', '));
}

/** The files that a name on the invariants page means: a path below `src` or `test`, a test without its ending, or a pattern. */
const filesOf = (name: string): readonly string[] =>
  ['', '.test.ts', '.sandbox.test.ts'].flatMap(ending => [
    ...globSync(`src/${name}${ending}`, { cwd: ROOT }),
    ...globSync(`test/${name}${ending}`, { cwd: ROOT }),
  ]);

/** The paths in the table cells that say where a promise is held and which tests show it. */
function namedPaths(): readonly string[] {
  const rows = read('docs/invariants.md').match(/^\| \[.*$/gm) ?? [];
  return rows
    .flatMap(row => [...row.matchAll(/`([^`\s]+)`/g)].map(([, name = '']) => name))
    .filter(name => /\w\/\w/.test(name));
}

/** The test names in quotes, each with the test file that must contain it: `queue/turns` "one slot in five", "…". */
function namedTests(): readonly { readonly file: string; readonly part: string }[] {
  return [...read('docs/invariants.md').matchAll(/`([^`\s]+\/[^`\s]+)` ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(
    ([, file = '', names = '']) => [...names.matchAll(/"([^"]+)"/g)].map(([, part = '']) => ({ file, part })),
  );
}

describe('the documentation', () => {
  it('every link in the documentation leads to a file or heading that exists', () => {
    expect(PAGES.flatMap(page => brokenLinks(page))).toEqual([]);
  });

  it('the troubleshooting page explains only messages that the product has', () => {
    const files = globSync('src/**/*.ts', { cwd: ROOT }).map(file => read(file));
    const sources = [...files, JSON.stringify(queueWords('L2L'))];
    const messages = messagesOf('docs/troubleshooting.md');
    expect(messages.length).toBeGreaterThan(40);
    const unknown = messages.filter(parts => !sources.some(source => parts.every(part => source.includes(part))));
    expect(unknown.map(parts => parts.join(' … '))).toEqual([]);
  });

  it('the table "to change X, go to Y" names only files and folders that exist', () => {
    const named = [...read('CONTRIBUTING.md').matchAll(/`((?:src|test|config|scripts)\/[^`\s]+)`/g)].map(
      ([, path = '']) => path,
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter(path => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('the rules in the documentation are valid with the sources and lookups of the example', () => {
    const file = join(ROOT, 'config/gateway.yaml');
    const rules = [
      ...read('docs/rules.md').matchAll(/```yaml\n(?:rules:\n)?( {2}\w+:\n {4}(?:when|production):[\s\S]*?)```/g),
    ];
    expect(rules).toHaveLength(5);
    const [head] = readFileSync(file, 'utf8').split(/^rules:/m, 1);
    const text = `${head}rules:\n${rules.map(([, rule]) => rule).join('')}`;
    const loaded = loadConfig(file, { L2L_API_KEY: 'for-the-test' }, name =>
      name === file ? new TextEncoder().encode(text) : readFileSync(name),
    );
    expect(loaded.warnings).toEqual([]);
    expect(loaded.program.rules).toHaveLength(5);
  });

  it('docs/configuration.md is the page that `npm run schema` writes from the schemas', () => {
    expect(read('docs/configuration.md')).toBe(configurationPage());
  });

  it('each key of the config has a description, and an example, a default or a list of words', () => {
    const rows = sectionsOf(configJsonSchema({ keepMarks: true })).flatMap(section => section.rows);
    expect(rows.length).toBeGreaterThan(120);
    const bare = rows.filter(row => {
      const { description, default: preset, type, properties, items } = row.schema;
      const isShown = valueWords(row.schema).includes('`') || type === 'boolean' || properties || items?.properties;
      return !description || !(isShown || preset !== undefined || exampleWords(row) !== '' || row.key === 'signals');
    });
    expect(bare.map(({ key }) => key)).toEqual([]);
  });

  it('each decision has at most 70 lines, with context, choice and cost', () => {
    const pages = globSync('docs/decisions/*.md', { cwd: ROOT }).sort();
    expect(pages.length).toBeGreaterThan(10);
    for (const page of pages) {
      const text = read(page);
      expect(text.split('\n').length, page).toBeLessThanOrEqual(70);
      expect(text, page).toMatch(new RegExp(`^# ${Number(/\d+/.exec(page)?.[0])}\\. `));
      expect(text.match(/^## .*$/gm), page).toEqual(['## Context', '## Choice', '## Cost']);
    }
  });

  it('each row of the invariants page has its own id', () => {
    const ids = invariantIds();
    expect(ids.length).toBeGreaterThan(80);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  it('the invariants page has a row for every id that the code cites', () => {
    const ids = new Set(invariantIds());
    const cited = ['src', 'test', 'bench', 'scripts'].flatMap(room =>
      globSync(`${room}/**/*.ts`, { cwd: ROOT }).flatMap(file => citedIds(read(file)).map(id => ({ file, id }))),
    );
    expect(cited.length).toBeGreaterThan(0);
    expect(cited.filter(({ id }) => !ids.has(id))).toEqual([]);
  });

  it('the invariants page names only files that exist', () => {
    const paths = namedPaths();
    expect(paths.length).toBeGreaterThan(200);
    expect(paths.filter(path => filesOf(path).length === 0)).toEqual([]);
  });

  it('the invariants page names only parts of files that exist', () => {
    const named = [...read('docs/invariants.md').matchAll(/`([\w./*-]+\.ts)` \(?`(\w+)`/g)];
    expect(named.length).toBeGreaterThan(15);
    const unknown = named.filter(
      ([, path = '', part = '']) => !filesOf(path).some(file => new RegExp(`\\b${part}\\b`).test(read(file))),
    );
    expect(unknown.map(([cell]) => cell)).toEqual([]);
  });

  it('the invariants page quotes only test names that exist', () => {
    const named = namedTests();
    expect(named.length).toBeGreaterThan(60);
    expect(named.filter(({ file, part }) => !filesOf(file).some(path => read(path).includes(part)))).toEqual([]);
  });

  it('the config in the README is valid', () => {
    const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
    const loaded = loadConfig('README.yaml', { L2L_API_KEY: 'for-the-test' }, () => new TextEncoder().encode(text));
    expect(loaded.warnings).toEqual([]);
    expect(loaded.program.rules).toHaveLength(1);
  });

  it('the README has at most 120 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(121);
  });
});
