import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError, formatProblem } from '../../src/core/errors.ts';

/** Values that replace the usual ones, by key. Texts are put into the file as they are. */
type Written = {
  readonly key?: string;
  readonly site?: string;
  readonly user?: string;
  readonly topic?: string;
  readonly client?: string;
  readonly node?: string;
  readonly when?: string;
  readonly delay?: string;
  readonly machine?: string;
  readonly description?: string;
  /** A text that replaces the whole rule. */
  readonly rule?: string;
};

function config(written: Written): string {
  const { key = `"\${KEY}"`, site = '43', user = 'gateway', topic = 'line/run', client = 'shop' } = written;
  const { node = 'ns=2;s=Run', when = 'not p.run', delay = '2m', machine = 'PRESS', description = 'stands' } = written;
  const rule = `
    when: ${when}
    on_delay: ${delay}
    dispatch:
      type: DOWN
      trade: MECH
      machine: ${machine}
      description: ${description}`;
  return `gateway: { name: shop }
l2l:
  url: https://acme.leading2lean.com
  api_key: ${key}
  site: ${site}
  timezone: America/Denver
  user: ${user}
sources:
  b:
    protocol: mqtt
    url: mqtt://broker
    client_id: ${client}
    signals:
      p.run: { as: bool, stale_after: 1m, topic: ${topic} }
      p.b:
        as: string
        stale_after: 1m
        topic: ${topic}
  o:
    protocol: opcua
    endpoint: opc.tcp://plc:4840
    signals:
      o.a: ${node}
rules:
  down:${written.rule ?? rule}
`;
}

function load(file: Uint8Array | string, env: Record<string, string>, files: Record<string, string>) {
  return loadConfig('g.yaml', { KEY: 'key-0815', ...env }, path => {
    if (path === 'g.yaml') return typeof file === 'string' ? Buffer.from(file) : file;
    const found = files[path];
    if (found !== undefined) return Buffer.from(found, 'latin1');
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  });
}

/** The value that the gateway reads, or the reason why it reads none. */
function read(written: Written | Uint8Array | string, env: Record<string, string> = {}, files = {}) {
  const isFile = typeof written === 'string' || written instanceof Uint8Array;
  try {
    const { config: loaded, program } = load(isFile ? written : config(written), env, files);
    const [rule] = program.rules;
    const { b, o } = loaded.sources;
    return {
      machine: rule?.kind === 'dispatch' ? rule.machine : undefined,
      description: rule?.kind === 'dispatch' ? rule.description.text : undefined,
      topic: b?.protocol === 'mqtt' ? b.signals['p.b']?.topic : undefined,
      client: b?.protocol === 'mqtt' ? b.client_id : undefined,
      node: o?.protocol === 'opcua' ? o.signals['o.a']?.node : undefined,
      site: loaded.l2l.site,
      user: loaded.l2l.user,
      key: loaded.l2l.api_key.reveal(),
    };
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

const QUOTES = 'put the text in quotes';
const DOWN = 'down.dispatch';

describe('texts that are read as they are written', () => {
  it.each<[Written, object]>([
    [{ machine: '0123' }, { machine: '0123' }],
    [{ machine: '1_000' }, { machine: '1_000' }],
    [{ machine: '0x1F' }, { machine: '0x1F' }],
    [{ machine: '0o17' }, { machine: '0o17' }],
    [{ machine: '1e3' }, { machine: '1e3' }],
    [{ machine: '1.0' }, { machine: '1.0' }],
    [{ machine: 'NO' }, { machine: 'NO' }],
    [{ machine: 'on' }, { machine: 'on' }],
    [{ machine: 'true' }, { machine: 'true' }],
    [{ machine: '2026-01-01' }, { machine: '2026-01-01' }],
    [{ machine: '12:30' }, { machine: '12:30' }],
    [{ machine: '"~"' }, { machine: '~' }],
    [{ machine: '!!str 0123' }, { machine: '0123' }],
    [{ machine: '"PRESS "' }, { machine: 'PRESS' }],
    [{ machine: 'PRESS   ' }, { machine: 'PRESS' }],
    [{ machine: 'PRESS\n        1' }, { machine: 'PRESS 1' }],
    [{ machine: '|\n        PRESS 1' }, { machine: 'PRESS 1' }],
    [{ machine: '>\n        PRESS\n        1' }, { machine: 'PRESS 1' }],
    [{ machine: '"PRESS #1"' }, { machine: 'PRESS #1' }],
    [{ machine: "'PRESS #1' #old" }, { machine: 'PRESS #1' }],
    [{ machine: 'PRESS#1' }, { machine: 'PRESS#1' }],
    [{ machine: 'PRESS # the big one' }, { machine: 'PRESS' }],
    [{ machine: 'PRESS   ### the big one' }, { machine: 'PRESS' }],
    [{ machine: 'PRESS # 3 shifts' }, { machine: 'PRESS' }],
    [{ machine: '"PRESS\\u00a01"' }, { machine: 'PRESS\u00a01' }],
    [{ machine: '"PRESS–1"' }, { machine: 'PRESS–1' }],
    [{ machine: '"“PRESS”"' }, { machine: '“PRESS”' }],
    [{ machine: 'ПРЕСС-A1' }, { machine: 'ПРЕСС-A1' }],
    [{ machine: 'ЦЕХA1' }, { machine: 'ЦЕХA1' }],
    [{ machine: 'PRÄGE-Ω' }, { machine: 'PRÄGE-Ω' }],
    [{ delay: '2m #short' }, { machine: 'PRESS' }],
    [{ site: '0123' }, { site: 123 }],
    [{ site: '0x1F' }, { site: 31 }],
    [{ topic: '"plant/#"' }, { topic: 'plant/#' }],
    [{ topic: 'plant/#' }, { topic: 'plant/#' }],
    [{ topic: '$SYS/broker/load' }, { topic: '$SYS/broker/load' }],
    [{ topic: '"$X"' }, { topic: '$X' }],
    [{ node: '|\n        ns=2;s=Run' }, { node: 'ns=2;s=Run' }],
    [{ node: 'ns=2;s="A"."ΔP"' }, { node: 'ns=2;s="A"."ΔP"' }],
    [{ when: '|\n      not p.run' }, { machine: 'PRESS' }],
    [{ when: 'not\u00a0p.run' }, { machine: 'PRESS' }],
    [{ description: '|\n        Oven\n        hot' }, { description: 'Oven\nhot' }],
    [{ description: '“Oven” – 20\u00a0°C, 5\u200b%' }, { description: '“Oven” – 20\u00a0°C, 5\u200b%' }],
    [{ description: '"& * ! % @ ` {{ o.a }} #1"' }, { description: '& * ! % @ ` {{ o.a }} #1' }],
  ])('a text is read as it is written: %j', (written, expected) => {
    expect(read(written)).toMatchObject(expected);
  });

  it.each<[string, (text: string) => Buffer]>([
    ['CRLF', text => Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['CR', text => Buffer.from(text.replaceAll('\n', '\r'))],
    ['a byte order mark', text => Buffer.from(`\ufeff${text}`)],
    ['UTF-16', text => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 without a mark', text => Buffer.from(text, 'utf16le')],
    ['big-endian UTF-16', text => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['a line with ---', text => Buffer.from(`---\n${text}`)],
  ])('a text is read as it is written in a file with %s', (_, encode) => {
    const written = { machine: 'PRÄGE-1', description: '|\n        Oven\n        hot' };
    expect(read(encode(config(written)))).toMatchObject({ machine: 'PRÄGE-1', description: 'Oven\nhot' });
    expect(read(encode(config({ ...written, delay: '2' })))).toEqual([
      expect.stringMatching(/^g\.yaml:2[78]:15 down\.on_delay: "2" is not a time/),
    ]);
  });

  it.each<[string, Record<string, string>, Record<string, string>, object]>([
    [`"\${K}"`, { K: 'key-4711\n' }, {}, { key: 'key-4711' }],
    [`"\${K}"`, { K: 'key-4711\r\n\r\n' }, {}, { key: 'key-4711' }],
    [`"\${file:/k}"`, {}, { '/k': 'key-4711\r\n' }, { key: 'key-4711' }],
    [`"\${file:/k}"`, {}, { '/k': '\u00ef\u00bb\u00bfkey-4711\n\n' }, { key: 'key-4711' }],
    [`"\${file:/k}"`, {}, { '/k': '\u00ff\u00fek\0e\0y\0\r\0\n\0' }, { key: 'key' }],
    [`\${K}`, { K: 'key-4711' }, {}, { key: 'key-4711' }],
  ])('a reference is read as it is written: %s with %j and %j', (key, env, files, expected) => {
    expect(read({ key }, env, files)).toMatchObject(expected);
  });
});

describe('texts that YAML reads in another way', () => {
  const CUT = (read: string, whole: string) =>
    `the text ends before this #, and only "${read}" is read; ${QUOTES}: "${whole}"`;
  const SPACE = 'a non-breaking space (U+00A0) stands here; write an ordinary space';
  const dash = (sign: string, code: string) =>
    `${sign} is a dash (U+${code}) that a word processor makes of -; write -, or ${QUOTES} if it is meant`;
  const quote = (sign: string) =>
    `${sign} is a typographic quote, which is part of the text; write straight quotes, or put the text in straight quotes if it is meant`;
  const NOTHING =
    "is YAML's word for nothing; put it in quotes if it is meant as text, or take the key out – write a code as text";
  const variable = (written: string) =>
    `"${written}" is plain text here; write a variable of the environment as "\${L2L_USER}"`;
  const MEANT = ', or put the text in quotes if it is meant as it stands';
  const startsWith = (sign: string) => `a value can't begin with "${sign}" unless it is in quotes; ${QUOTES}`;
  const UNREAD = '; what follows could not be read; correct this first';

  // ¤ marks the place that the error names.
  it.each<[Written, string]>([
    // A # behind a space
    [{ machine: 'PRESS ¤#1' }, `${DOWN}.machine: ${CUT('PRESS', 'PRESS #1')}`],
    [{ machine: 'PRESS\t¤#1' }, `${DOWN}.machine: ${CUT('PRESS', 'PRESS\t#1')}`],
    [{ machine: 'PRESS ¤# 1' }, `${DOWN}.machine: ${CUT('PRESS', 'PRESS # 1')}`],
    [{ machine: 'PRESS ¤#' }, `${DOWN}.machine: ${CUT('PRESS', 'PRESS #')}`],
    [
      { machine: 'A1 ¤#old' },
      `${DOWN}.machine: ${CUT('A1', 'A1 #old')}; if it is a comment, write a space behind the #`,
    ],
    [{ machine: '¤#1' }, `${DOWN}.machine: the text ends before this #, and nothing is read; ${QUOTES}: "#1"`],
    [{ topic: '"a"', machine: 'PRESS\n        no ¤#1' }, `${DOWN}.machine: ${CUT('PRESS no', 'PRESS no #1')}`],
    [{ machine: 'PRESS\n        no ¤#1\n        left' }, `${DOWN}.machine: ${CUT('PRESS no', 'PRESS no #1')}`],
    [{ description: 'Press ¤#1 stands' }, `${DOWN}.description: ${CUT('Press', 'Press #1 stands')}`],
    [{ node: 'ns=2;s=Press ¤#1.Run' }, `o.o.a: ${CUT('ns=2;s=Press', 'ns=2;s=Press #1.Run')}`],
    [{ client: 'shop ¤#2' }, `b.client_id: ${CUT('shop', 'shop #2')}`],
    [{ when: "p.b = 'no ¤#1'" }, `down.when: ${CUT("p.b = 'no", "p.b = 'no #1'")}`],
    [
      { rule: '\n    { when: p.run, on_delay: 0s, dispatch: { machine: PRESS ¤#1, type: DOWN, description: x } }' },
      `${DOWN}.machine: ${CUT('PRESS', 'PRESS #1')}`,
    ],
    [
      { rule: '\n    production:\n      line: L\n      scrap:\n        PART ¤#1: p.b' },
      `down.production.scrap: ${CUT('PART', 'PART #1: p.b')}`,
    ],
    [
      { rule: '\n    production:\n      line: L\n      scrap:\n        PART ¤#1: p.b\n        B: p.b' },
      `down.production.scrap: ${CUT('PART', 'PART #1: p.b')}`,
    ],
    // Characters
    [{ machine: 'PRESS¤\u00a01' }, `${DOWN}.machine: ${SPACE}`],
    [{ machine: '"PRESS¤\u00a01"' }, `${DOWN}.machine: ${SPACE}`],
    [{ machine: 'PRESS¤\u200b1' }, `${DOWN}.machine: a zero-width space (U+200B) stands here; delete it`],
    [{ machine: 'PRESS¤\ufeff1' }, `${DOWN}.machine: a byte order mark (U+FEFF) stands here; delete it`],
    [{ machine: 'PRESS¤\u00ad1' }, `${DOWN}.machine: a soft hyphen (U+00AD) stands here; delete it`],
    [{ machine: '¤\u202aPRESS' }, `${DOWN}.machine: an invisible sign (U+202A) stands here; delete it`],
    [{ machine: 'PRESS¤–1' }, `${DOWN}.machine: ${dash('–', '2013')}`],
    [{ machine: 'PRESS¤−1' }, `${DOWN}.machine: ${dash('−', '2212')}`],
    [{ machine: '¤“PRESS”' }, `${DOWN}.machine: ${quote('“')}`],
    [{ machine: '¤„PRESS“' }, `${DOWN}.machine: ${quote('„')}`],
    [{ client: '¤‘shop’' }, `b.client_id: ${quote('‘')}`],
    [
      { machine: 'PR¤ЕSS' },
      `${DOWN}.machine: Е in "PRЕSS" is the Cyrillic letter that looks like E (U+0415); write the Latin letter`,
    ],
    [{ client: 'line¤／run' }, `b.client_id: ／ is a full-width sign (U+FF0F); write /, or ${QUOTES} if it is meant`],
    [
      { when: 'not p.r¤υn' },
      'down.when: υ in "rυn" is the Greek letter that looks like u (U+03C5); write the Latin letter',
    ],
    [{ delay: '2m¤\u00a0' }, `down.on_delay: ${SPACE}`],
    [
      { rule: '\n    when: p.run\n    ¤оn_delay: 2m' },
      'down: о in "оn_delay" is the Cyrillic letter that looks like o (U+043E); write the Latin letter',
    ],
    [{ rule: '\n    when: p.run\n¤\u00a0   on_delay: 2m' }, SPACE],
    [{ rule: '\n    when: p.run\n    on_delay:¤\u00a02m\n    dispatch: {}' }, `down: ${SPACE}`],
    [
      { rule: '\n    dispatch: { machine: P¤， type: D }' },
      `${DOWN}.machine: ， is a full-width sign (U+FF0C); write ,, or ${QUOTES} if it is meant`,
    ],
    [{ machine: '¤"PRESS\\n1"' }, `${DOWN}.machine: the text has a line end in it; write it in one line, without`],
    [
      { machine: '¤|\n        PRESS\n        1' },
      `${DOWN}.machine: the text has a line end in it; write it in one line, without`,
    ],
    [{ machine: '¤"PRESS\\t1"' }, `${DOWN}.machine: the text has a tab in it; write it in one line, without`],
    [{ machine: '¤"PRESS\\0"' }, `${DOWN}.machine: the text has a null character in it; write it in one line, without`],
    [{ client: '¤" shop"' }, 'b.client_id: the text begins with a space or a line end; take it out'],
    [{ client: '¤"shop "' }, 'b.client_id: the text ends with a space or a line end; take it out'],
    [{ node: '¤"ns=2;s=Run "' }, 'o.o.a: the text ends with a space or a line end; take it out'],
    // YAML
    [{ machine: '¤~' }, `${DOWN}.machine: "~" ${NOTHING}`],
    [{ machine: '¤null' }, `${DOWN}.machine: "null" ${NOTHING}`],
    [{ machine: '¤&a PRESS' }, `"&a" – YAML takes & for a name of what follows and drops it; ${QUOTES}`],
    [{ machine: '¤! PRESS' }, `"!" – YAML takes ! for a tag and drops it; ${QUOTES}, or write not for a negation`],
    [{ machine: '¤*' }, startsWith('*')],
    [{ machine: '¤%PRESS' }, startsWith('%')],
    [{ machine: '¤`PRESS`' }, startsWith('`')],
    [{ machine: '¤? PRESS' }, startsWith('?')],
    [
      { key: '¤!secret l2l' },
      `"!secret" – a secret is written as a reference here: "\${NAME}" or "\${file:/run/secrets/name}"`,
    ],
    [
      { user: '¤!include user.txt' },
      '"!include" – a config is one file here; write what the other file has into this one',
    ],
    [{ user: '¤$L2L_USER' }, `l2l.user: ${variable('$L2L_USER')}${MEANT}`],
    [{ user: '¤$(L2L_USER)' }, `l2l.user: ${variable('$(L2L_USER)')}${MEANT}`],
    [{ user: `"¤\${ L2L_USER }"` }, `"\${ L2L_USER }" has spaces in it; write \${L2L_USER}`],
    [{ site: '¤1_000' }, 'l2l.site: "1_000" – expected a number; write 1000'],
    [{ site: '¤!!float 3' }, '"!!float" – a tag of YAML that is not read here; take "!!float" out'],
    [{ user: '¤"%L2L_USER%"' }, `l2l.user: ${variable('%L2L_USER%')}`],
    [
      { user: `¤\${L2L_USER:-gw}` },
      `"\${L2L_USER:-…}" gives a text for a missing L2L_USER, which is not read here; write \${L2L_USER}, and set L2L_USER before the gateway starts`,
    ],
    [
      { rule: '\n    ¤<<: {}\n    when: p.run' },
      '<< takes keys over from another place, which is not read here; write the keys out, or put common ones under defaults',
    ],
    [
      { rule: '\n    when: p.run\n      ¤on_delay: 2m' },
      `on_delay stands deeper than when, which has a value already; begin it in the same column (column 5)${UNREAD}`,
    ],
    [
      { rule: '\n    when: p.run\n    ¤on_delay:2m\n    dispatch: {}' },
      'a space is missing behind the colon; write on_delay: and a space before the value',
    ],
    [
      { rule: `\n    dispatch: { machine: ¤\${M}, type: D }` },
      `inside of { } a reference needs quotes: "\${M}"${UNREAD}`,
    ],
    [
      { rule: '\n    dispatch: ¤{ machine: P # old }' },
      'the { is not closed: in line 26 a # behind a space begins a comment; put a text with # in quotes',
    ],
    [
      { description: '"C:¤\\Data"' },
      '"\\D" means nothing in double quotes; write \\\\ for a \\, or put the text in single quotes',
    ],
  ])('a text that YAML reads in another way is refused: %j', (marked, message) => {
    const text = config(marked);
    const before = text.slice(0, text.indexOf('¤')).split('\n');
    const place = `${before.length}:${(before.at(-1) ?? '').length + 1}`;

    expect(read(text.replace('¤', ''), { L2L_USER: 'x' })).toEqual([`g.yaml:${place} ${message}`]);
  });

  it('the loader reports every place that YAML reads in another way', () => {
    expect(read({ machine: 'PRESS #1', client: 'shop–2', node: 'ns=2;s=Ru\u200bn' })).toEqual([
      expect.stringMatching(/^g\.yaml:12:20 b\.client_id: – is a dash/),
      expect.stringMatching(/^g\.yaml:23:21 o\.o\.a: a zero-width space/),
      expect.stringMatching(/^g\.yaml:31:22 down\.dispatch\.machine: the text ends before this #/),
    ]);
  });

  it('the loader reports a directive, a second document and a key that stands twice', () => {
    expect(read(`# made by a tool\n%YAML 1.1\n---\n${config({})}`)).toEqual([
      'g.yaml:2:1 "%YAML 1.1" changes how YAML reads this file; take the line out',
    ]);
    expect(read(`${config({})}---\nrules: {}\n`)).toEqual([
      expect.stringContaining('g.yaml:33:1 the file goes on after a line with ---'),
    ]);
    expect(read(`${config({})}  down: {}\n`)).toEqual([
      'g.yaml:33:3 "down" is written twice here (first in line 25); keep one of the two',
    ]);
  });

  it('the loader reports a file in Windows-1252 at the first letter that is not UTF-8', () => {
    expect(read(Buffer.from(config({ user: 'Jörg', machine: 'PRÄGE' }), 'latin1'))).toEqual([
      'g.yaml:7:10 g.yaml is not UTF-8 text from here on; save it with the encoding UTF-8',
    ]);
  });

  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    [`"\${K}"`, {}, {}, 'the environment has no K; set it before the gateway starts'],
    [`"\${K}"`, { K: '' }, {}, 'K is empty in the environment; give it a value'],
    [`"\${K}"`, { K: ' \n' }, {}, 'K is empty in the environment; give it a value'],
    [
      `"\${K}"`,
      { K: 'key-47\n11' },
      {},
      'K holds more than one line, or a control character; write one line of text into it',
    ],
    [
      `"\${file:/k}"`,
      {},
      { '/k': 'a\nb\n' },
      'the file /k holds more than one line, or a control character; write one line of text into it',
    ],
    [`"\${file:/k}"`, {}, { '/k': '\n' }, 'the file /k is empty or not UTF-8 text'],
  ])('a misread reference is refused: %s with %j and %j', (key, env, files, message) => {
    expect(read({ key }, env, files)).toEqual([`g.yaml:4:13 ${message}`]);
  });

  it('no report of a misread text shows a secret', () => {
    const secret = 'Xy7-geheim';
    for (const key of [
      secret,
      `${secret} #1`,
      `${secret}\u200b`,
      `$Xy7geheim`,
      `“${secret}”`,
      `!${secret}`,
      `"\${KEY_X:-${secret}}"`,
    ]) {
      const found = read({ key });
      expect(found).toHaveLength(1);
      if (!key.startsWith('!')) expect(JSON.stringify(found)).not.toContain('geheim');
    }
    expect(
      JSON.stringify(read(config({}).replace('api_key: ', 'api_key:').replace(`"\${KEY}"`, secret))),
    ).not.toContain('geheim');
  });
});
