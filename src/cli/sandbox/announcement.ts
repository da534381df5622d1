import type { Plant } from '../../config/load-plant.ts';
import { commandLine, programName } from '../../core/command-line.ts';
import type { Place } from '../../core/errors.ts';
import { formatDuration } from '../../core/fields.ts';
import type { Manners } from '../../simulation/sandbox/manners.ts';
import type { SandboxWorld } from '../../simulation/sandbox/world.ts';
import type { Io } from '../command.ts';
import type { AskedFault } from './faults.ts';

export type Announcement = {
  readonly url: string;
  /** null: no config was named. */
  readonly plant: Plant | null;
  readonly world: SandboxWorld;
  /** A key that the sandbox accepts besides the one that the config's reference holds. */
  readonly key: string;
  /** The secret of signed calls when the config's reference holds none. */
  readonly secret: string;
  readonly faults: readonly AskedFault[];
  readonly manners: Partial<Manners>;
  readonly env: Io['env'];
};

/** What a person reads at the start: where the sandbox is, what it knows, and what to write so that the gateway sends there. Pure. */
export function announcement({ url, plant, world, key, secret, faults, manners, env }: Announcement): string {
  return [
    `L2L sandbox${plant ? ` for ${plant.file}` : ''}. Ctrl-C ends it; then it forgets everything.`,
    '',
    ...columns([
      ['address', url],
      ['page', `${url}/   (open it in a browser on this host)`],
      ...knownRows(world),
      ...faults.map(
        ({ named, lasts }): Row => [
          'fault',
          `${named.name}${lasts === null ? '' : ` for ${formatDuration(lasts)}`}: ${named.words}`,
        ],
      ),
      ...Object.entries(manners).map(([name, value]): Row => ['manner', `${name}=${value}`]),
    ]),
    ...noteLines(plant, manners, secret),
    '',
    ...(plant ? configLines(plant, url, key) : wholeLines(world, url, key)),
    plant ? commandLine({ file: plant.file }, env)('run') : `${programName(env)} run FILE`,
  ].join('\n');
}

type Row = readonly [name: string, text: string];

function knownRows({ sites: [site] }: SandboxWorld): Row[] {
  if (!site) return [];
  const list = (codes: readonly string[]) => codes.join(', ');
  const rows: Row[] = [
    ['site', `${site.site}, ${site.timezone}, user ${list(site.users)}`],
    ['machines', list(site.lines.flatMap(line => line.machines.map(({ code }) => code)))],
    ['lines', list(site.lines.map(({ code }) => code))],
    ['types', list(site.dispatchtypes.map(({ code }) => code))],
    ['trades', list(site.trades.map(({ code }) => code))],
    ['reasons', list(site.reasons ?? [])],
    ['products', list(site.products ?? [])],
  ];
  return rows.filter(([, codes]) => codes !== '');
}

function noteLines(plant: Plant | null, manners: Partial<Manners>, secret: string): string[] {
  if (!plant) return [];
  const { signed, withoutTrade, openReasons, openProducts } = plant;
  const notes = [
    ...(withoutTrade.length > 0
      ? [
          `${withoutTrade.join(', ')}: without a trade the sandbox refuses the dispatch, as L2L's reference says; write trade: in the rule or under defaults`,
        ]
      : []),
    ...openReasons.map(
      text => `reason ${text}: its codes come from a signal, so the sandbox does not know them and refuses them`,
    ),
    ...(signed === null
      ? []
      : [
          `${Object.keys(signed.calls).join(', ')}: the sandbox takes these calls only with a signature${signed.secret.value === null ? `; set ${signed.secret.written} to ${secret} for the gateway` : ''}`,
        ]),
    ...openProducts.map(text => `product ${text}: its codes come from a signal, ${unknownProductWords(manners)}`),
  ];
  return notes.length === 0 ? [] : ['', ...notes.map(note => `NOTE: ${note}`)];
}

function unknownProductWords({ unknown_product }: Partial<Manners>): string {
  return unknown_product === 'refuse'
    ? 'so the sandbox does not know them and refuses them, as --manner unknown_product asks'
    : 'so the sandbox creates each product that it does not know';
}

function configLines({ file, key: { written, value }, sendsTo, places }: Plant, url: string, key: string): string[] {
  const isSet = sendsTo.mode === 'live' && sendsTo.url === url;
  const lines: readonly (readonly [string, Place | null])[] = [
    ['gateway:', null],
    ['  mode: live', places.mode],
    ['l2l:', null],
    [`  url: ${url}`, places.url],
    [`  api_key: "${written}"`, places.key],
  ];
  const width = Math.max(...lines.map(([text]) => text.length));
  return [
    ...(isSet
      ? [`${file} sends to this sandbox already: mode: live, url: ${url}`]
      : [
          `Write these lines into ${file}, in place of the ones that stand there:`,
          '',
          ...lines.map(([text, place]) =>
            place ? `${text.padEnd(width)}   # ${file}:${place.line}:${place.column}` : text,
          ),
        ]),
    '',
    ...keyLines(written, value !== null, key),
  ];
}

/** For who has no config yet. */
function wholeLines({ sites: [site] }: SandboxWorld, url: string, key: string): string[] {
  return [
    'Write these lines into the config of the gateway:',
    '',
    'gateway:',
    '  mode: live',
    'l2l:',
    `  url: ${url}`,
    `  api_key: "\${L2L_API_KEY}"`,
    `  site: ${site?.site ?? ''}`,
    `  timezone: ${site?.timezone ?? ''}`,
    `  user: ${site?.users[0] ?? ''}`,
    '',
    ...keyLines(`\${L2L_API_KEY}`, false, key),
  ];
}

function keyLines(written: string, isSet: boolean, key: string): string[] {
  const name = written.replace(/^\$\{|\}$/g, '');
  const file = /^file:\s*(.*)$/.exec(name)?.[1];
  if (isSet)
    return [`The sandbox accepts the key that ${written} holds now, and the key ${key}. Then start the gateway:`, ''];
  if (file !== undefined) return [`Write the key ${key} into the file ${file}. Then start the gateway:`, ''];
  return ['Then, in the terminal of the gateway:', '', `export ${name}=${key}`];
}

function columns(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}
