import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/load.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PAGES = ['*.md', 'docs/**/*.md', 'src/**/*.md'].flatMap(pattern => globSync(pattern, { cwd: ROOT }));

const withoutCode = (text: string) => text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '');

/** Anchors as GitHub makes them of headings. */
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

/** The messages in the first column of the tables, each as its fixed parts. */
function messagesOf(page: string): readonly (readonly string[])[] {
  return [...read(page).matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = '']) =>
    message.split('…').map(part => part.trim()),
  );
}

describe('the documentation', () => {
  it('links to files and headings that exist', () => {
    expect(PAGES.flatMap(page => brokenLinks(page))).toEqual([]);
  });

  it('explains only messages that the product has', () => {
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(file => read(file));
    const messages = messagesOf('docs/troubleshooting.md');
    expect(messages.length).toBeGreaterThan(40);
    const unknown = messages.filter(parts => !sources.some(source => parts.every(part => source.includes(part))));
    expect(unknown.map(parts => parts.join(' … '))).toEqual([]);
  });

  it('names files and folders that exist where it says where to go', () => {
    const named = [...read('CONTRIBUTING.md').matchAll(/`((?:src|test|config)\/[^`\s]+)`/g)].map(
      ([, path = '']) => path,
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter(path => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('has rules that are valid with the sources and lookups of the example', () => {
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

  it('fits the README on one screen of 120 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(121);
  });
});
