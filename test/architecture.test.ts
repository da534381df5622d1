import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACTION_KINDS } from '../src/actions/registry.ts';
import { RULE_KINDS } from '../src/rules/kinds/registry.ts';

const ROOT = join(import.meta.dirname, '..');

/** The rooms from which a room may import. Its own files are always allowed. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  actions: [],
  core: ['actions'],
  adapters: ['core'],
  rules: ['core', 'actions'],
  journal: ['core', 'actions'],
  l2l: ['core', 'actions'],
  queue: ['core', 'actions'],
  web: ['core'],
  simulation: ['core'],
  config: ['core', 'actions', 'adapters', 'rules', 'l2l'],
  app: ['core', 'actions', 'adapters', 'rules', 'journal', 'l2l', 'queue', 'web', 'config'],
  cli: ['core', 'actions', 'config', 'app', 'simulation'],
  main: ['cli'],
};

/** Each package that reaches outside or speaks a protocol has one home. */
const HOMES: Record<string, readonly string[]> = {
  'node-opcua': ['adapters/opcua', 'simulation'],
  'modbus-serial': ['adapters/modbus', 'simulation'],
  mqtt: ['adapters/mqtt', 'simulation'],
  undici: ['l2l'],
  bullmq: ['queue'],
  ioredis: ['queue'],
  'node:sqlite': ['journal'],
  yaml: ['config'],
  pino: ['cli'],
};

/** The folders of the rules from which a folder there may import. The files of the room itself are between the folders. */
const RULES_MAY_IMPORT: Record<string, readonly string[]> = {
  expression: [],
  compile: ['expression'],
  common: [],
  dispatch: ['common'],
  counting: ['common'],
  kinds: ['compile', 'common', 'dispatch', 'counting'],
  stored: ['common', 'kinds'],
  io: [],
};

type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean };

const IMPORT =
  /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

function imports(): readonly Import[] {
  return globSync('src/**/*.ts', { cwd: ROOT }).flatMap(from => {
    const text = readFileSync(join(ROOT, from), 'utf8');
    return [...text.matchAll(IMPORT)].map(([, typeOnly, fixed, lazy]) => ({
      from,
      to: fixed ?? lazy ?? '',
      typeOnly: typeOnly !== undefined,
    }));
  });
}

/** `src/queue/redis.ts` → `queue`; `src/app/lives.ts` → `app`. */
function roomOf(file: string): string {
  return file.split('/')[1]?.replace(/\.ts$/, '') ?? '';
}

function isLocal(to: string): boolean {
  return to.startsWith('.');
}

/** Returns the source without comments. */
function codeOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

const all = imports();

describe('architecture', () => {
  it('no file stands beside a folder of the same name', () => {
    const files = new Set(globSync('src/**/*.ts', { cwd: ROOT }));

    expect([...files].map(file => dirname(file)).filter(folder => files.has(`${folder}.ts`))).toEqual([]);
  });

  it('in every protocol folder the file that implements the adapter is adapter.ts', () => {
    const folders = globSync('src/adapters/*/definition.ts', { cwd: ROOT }).map(file => dirname(file));

    expect(folders.length).toBeGreaterThan(3);
    for (const folder of folders) expect(codeOf(`${folder}/adapter.ts`)).toContain('): Adapter {');
  });

  it('the tables list every room', () => {
    const rooms = new Set(globSync('src/**/*.ts', { cwd: ROOT }).map(roomOf));

    expect([...rooms].filter(room => !(room in MAY_IMPORT))).toEqual([]);
  });

  it('a room imports only along the arrows', () => {
    const wrong = all
      .filter(({ to }) => isLocal(to))
      .filter(({ from, to }) => {
        const target = roomOf(normalize(join(dirname(from), to)));
        const own = roomOf(from);
        return target !== own && !MAY_IMPORT[own]?.includes(target);
      })
      .map(({ from, to }) => `${from} → ${to}`);

    expect(wrong).toEqual([]);
  });

  it('no adapter imports another adapter', () => {
    const protocolOf = (file: string) => /^src\/adapters\/(\w+)\//.exec(file)?.[1];
    const wrong = all
      .filter(({ from, to }) => {
        const own = protocolOf(from);
        const other = isLocal(to) ? protocolOf(normalize(join(dirname(from), to))) : undefined;
        return own && other && own !== other;
      })
      .map(({ from, to }) => `${from} → ${to}`);

    expect(wrong).toEqual([]);
  });

  it('no kind of rule imports another one, and the common parts of the rules import no kind', () => {
    const folderOf = (file: string) => /^src\/rules\/([\w-]+)\//.exec(file)?.[1];
    const wrong = all
      .filter(({ from, to }) => {
        const own = folderOf(from);
        const other = isLocal(to) ? folderOf(normalize(join(dirname(from), to))) : undefined;
        return own && other && own !== other && !RULES_MAY_IMPORT[own]?.includes(other);
      })
      .map(({ from, to }) => `${from} → ${to}`);

    expect(wrong).toEqual([]);
  });

  it('no other room imports from the folders of the rules', () => {
    const wrong = all
      .filter(({ from, to }) => roomOf(from) !== 'rules' && /\/rules\/[\w-]+\//.test(to))
      .map(({ from, to }) => `${from} → ${to}`);

    expect(wrong).toEqual([]);
  });

  it('only the files that describe, send or make a call name its kind', () => {
    const homes = [
      'src/actions/', // what a kind is
      'src/l2l/actions/', // how it is sent
      'src/rules/dispatch/',
      'src/rules/counting/',
      'src/rules/kinds/', // the codes that a rule has now
      'src/journal/file/schema.ts', // a migration stays as it was
    ];
    const wrong = globSync('src/**/*.ts', { cwd: ROOT })
      .filter(file => !homes.some(home => file.startsWith(home)))
      .filter(file => ACTION_KINDS.some(kind => new RegExp(`(?<![/\\w])${kind}\\b`).test(codeOf(file))));

    expect(wrong).toEqual([]);
  });

  it('only the files that describe, compile or run a rule name its kind', () => {
    const homes = [
      'src/rules/kinds/',
      'src/rules/dispatch/',
      'src/rules/counting/',
      'src/actions/', // lanes have the same name
      'src/simulation/truth-table.ts', // a column has the same name
    ];
    const all = RULE_KINDS.map(({ kind }) => kind);
    const names = all.join('|');
    // A socket, a process and a dispatch close too.
    const words = all.filter(kind => kind !== 'close').join('|');
    const named = new RegExp(`'(?:${words})'|\\b(?:rule|rules|defaults|RULE_KINDS)\\??\\.(?:${names})\\b`);
    const wrong = globSync('src/**/*.ts', { cwd: ROOT })
      .filter(file => !homes.some(home => file.startsWith(home)))
      .filter(file => named.test(codeOf(file)));

    expect(wrong).toEqual([]);
  });

  it('only the registry decides by the kind of a rule', () => {
    const wrong = all
      .filter(({ from, to }) => {
        const target = isLocal(to) ? normalize(join(dirname(from), to)) : '';
        const isOfKinds = /^src\/rules\/(dispatch|counting|kinds)\//;
        const isOpen = /^src\/rules\/kinds\/(registry|kind|conflicts)\.ts$/;
        return isOfKinds.test(target) && !isOfKinds.test(from) && !isOpen.test(target);
      })
      .map(({ from, to }) => `${from} → ${to}`);

    expect(wrong).toEqual([]);
  });

  it('the sources use the plain apostrophe, which every keyboard and every search has', () => {
    const matching = ['config/characters', 'rules/expression/tokens', 'rules/compile/lookup-key', 'l2l/refused-codes'];
    const wrong = globSync('src/**/*.ts', { cwd: ROOT })
      .filter(file => !matching.some(name => file === `src/${name}.ts`))
      .filter(file => readFileSync(join(ROOT, file), 'utf8').includes('’'));

    expect(wrong).toEqual([]);
  });

  it('each outside package is imported from one place', () => {
    const wrong = all
      .filter(({ from, to }) => HOMES[to] && !HOMES[to].some(home => from.startsWith(`src/${home}`)))
      .map(({ from, to }) => `${from} → ${to}`);

    expect(wrong).toEqual([]);
  });

  it('a protocol stack is loaded only when a source uses it', () => {
    const heavy = new Set(['node-opcua', 'modbus-serial', 'mqtt']);
    const eager = all
      .filter(({ from, to, typeOnly }) => heavy.has(to) && !typeOnly && /(definition|schema|registry)\.ts$/.test(from))
      .map(({ from, to }) => `${from} → ${to}`);

    expect(eager).toEqual([]);
  });

  it('the pure rooms read no wall clock and set no timer', () => {
    const pure = globSync('src/rules/**/*.ts', { cwd: ROOT }).filter(file => !/rules\/(runner\.ts|io\/)/.test(file));
    const impure = pure.filter(file =>
      /Date\.now\(|new Date\(\)|performance\.now|setTimeout|setInterval|setImmediate/.test(
        readFileSync(join(ROOT, file), 'utf8'),
      ),
    );

    expect(pure.length).toBeGreaterThan(5);
    expect(impure).toEqual([]);
  });
});
