import { z } from 'zod';
import { aboutAddress, hasLogin } from '../core/address.ts';
import { Duration, parseRate } from '../core/fields.ts';
import { nearest } from '../core/nearest.ts';
import { Secret, SecretText } from '../core/secret.ts';
import { parseProxy } from '../l2l/proxy-address.ts';
import { ianaZone } from '../l2l/zone-names.ts';

/** Address of the L2L site without a slash at its end. Plain http only to this host: the key travels in a header. */
const SiteUrl = z.string().transform((text, context) => {
  const problem = urlProblem(text);
  if (problem === undefined) return new URL(text).origin;
  context.issues.push({ code: 'custom', input: text, message: problem, params: aboutAddress(problem) });
  return z.NEVER;
});

function urlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (hasLogin(text)) return 'the address holds a user or a password; the key stands under api_key';
  if (!url || !['https:', 'http:'].includes(url.protocol))
    return 'write the address such as https://acme.leading2lean.com';
  if (url.pathname !== '/' || url.search || url.hash)
    return 'the address ends after the host; the gateway adds /api/1.0/… itself';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return 'http would send the key unencrypted; write https (http only to localhost, for a sandbox)';
  }
  return undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

const PROXY_WORDS = `write http://host:port, or off; an address with a password only as a reference such as \${L2L_PROXY}`;

const ProxyAddress = z
  .custom<string | Secret>(value => typeof value === 'string' || value instanceof Secret, PROXY_WORDS)
  .transform((value, context): Secret | 'off' => {
    if (value === 'off') return value;
    const address = value instanceof Secret ? value : new Secret(value);
    const parsed = parseProxy(address.reveal());
    const isUsable = !('problem' in parsed) && (value instanceof Secret || !hasLogin(value));
    if (isUsable) return address;
    context.issues.push({
      code: 'custom',
      input: value,
      message: PROXY_WORDS,
      params: { secret: true, ...('problem' in parsed && aboutAddress(parsed.problem)) },
    });
    return z.NEVER;
  });

const TimeZone = z.string("write the site's time zone, such as America/Denver").superRefine((text, context) => {
  if (!isTimeZone(text)) context.addIssue({ code: 'custom', message: zoneProblem(text) });
});

function zoneProblem(text: string): string {
  const meant = ianaZone(text);
  if (meant === undefined && /^[A-Za-z]{2,5}$/.test(text)) {
    const example = ABBREVIATED[text.toUpperCase()] ?? (text === text.toUpperCase() ? ANY_ZONE : undefined);
    if (example !== undefined)
      return `${text} is an abbreviation, which several time zones share; write the IANA name of the zone, such as ${example}`;
  }
  const near = meant ?? nearest(text, Intl.supportedValuesOf('timeZone'));
  return `no time zone has this name; ${near ? `did you mean ${near}?` : `write it such as ${ANY_ZONE}`}`;
}

const ANY_ZONE = 'America/Denver or Europe/Berlin';

/** The likely zone of an abbreviation that several zones have. */
const ABBREVIATED: Readonly<Record<string, string>> = {
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  WET: 'Europe/Lisbon',
  CET: 'Europe/Berlin',
  CEST: 'Europe/Berlin',
  EET: 'Europe/Helsinki',
  EEST: 'Europe/Helsinki',
};

/** Offsets such as +02:00 are zones to Intl, but they know no summer time. */
function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text) || !(text.includes('/') || text === 'UTC')) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    // RangeError: there is no such zone. supportedValuesOf does not list aliases, so it can't be asked first.
    return false;
  }
}

const CallRate = z
  .string('write the allowed calls, such as 1/s or 900/h, or unlimited')
  .transform((text, context): number | null => {
    if (text === 'unlimited') return null;
    const rate = parseRate(text);
    if (rate) return rate;
    context.issues.push({
      code: 'custom',
      input: text,
      message: 'write the allowed calls, such as 1/s or 900/h, or unlimited',
    });
    return z.NEVER;
  });

const Refusals = z.array(
  z.string().min(1, 'the text is empty and would stand for every refusal'),
  'write a list of parts of L2L\'s words, such as ["already has an open critical Dispatch"]',
);

/** A record area, or one method of it. */
const SignedCall = z
  .string()
  .regex(/^[a-z_]+(?:\/[a-z_]+)?$/, 'write a record area or a method of L2L, such as machines or dispatches/open');

export const Signed = z
  .strictObject({
    server: z
      .string()
      .min(1, 'write the server name')
      .meta({ description: 'Name under which L2L keeps the secret key', examples: ['Plant 1 gateway'] }),
    secret: SecretText.meta({ description: 'The secret key, written as a reference', examples: [`\${L2L_SECRET}`] }),
    calls: z.record(SignedCall, z.array(z.string().min(1))).meta({
      kind: 'map of area to parameters',
      description:
        "The record areas (`machines`) or methods (`dispatches/open`) that L2L takes only with a signature. Each one with the names of the parameters that L2L signs behind server and expiration, in L2L's order; `[]` when there are none. L2L's support names them",
      examples: [{ 'dispatches/open': ['site', 'user'], machines: [] }],
    }),
  })
  .meta({
    description:
      'Signed calls. L2L asks for a signature only where its support says so. The clock of the host must be right, because a signature is good for 15 minutes',
  });

export type Signed = z.output<typeof Signed>;

export const L2l = z
  .strictObject({
    url: SiteUrl.meta({
      kind: 'address',
      description: 'Address of your L2L, without a path',
      examples: ['https://acme.leading2lean.com'],
    }),
    api_key: SecretText.meta({ description: "API key of the gateway's own L2L user, written as a reference" }),
    site: z
      .int()
      .positive()
      .meta({ description: 'Number of the site in L2L (not its record id)', examples: [43] }),
    timezone: TimeZone.meta({
      kind: 'time zone',
      description: 'IANA time zone of the site, as it is set in L2L',
      examples: ['America/Denver'],
    }),
    user: z
      .string()
      .min(1)
      .meta({ description: 'L2L user of the gateway. It opens dispatches in this name', examples: ['gateway'] }),
    real_user: z
      .string()
      .min(1, 'write the login of a user of L2L')
      .optional()
      .meta({
        description:
          'L2L user in whose name the gateway writes, as `realuser` of each write. L2L then shows this user as the one who made the change. The user of the API key must be an administrator, and the real user may have no site that this one has not. Left out: the user of the API key',
        examples: ['line_1_gateway'],
      }),
    signed: Signed.optional(),
    proxy: ProxyAddress.optional().meta({
      type: 'string',
      kind: 'address',
      description:
        'HTTP proxy through which the gateway reaches L2L. Without this key the gateway uses `HTTPS_PROXY` or `HTTP_PROXY` of its environment, except for the hosts in `NO_PROXY`. `off`: no proxy',
      examples: ['http://proxy.plant:3128', `\${L2L_PROXY}`, 'off'],
    }),
    ca: z
      .string()
      .min(1, 'write the path of a file')
      .optional()
      .meta({
        description:
          'File with the certificate of an authority that may sign the certificate of L2L, beside those that the host knows. For a firewall that inspects TLS and signs with its own authority',
        kind: 'file',
        examples: ['/etc/l2l-gateway/firewall-ca.pem'],
      }),
    rate: CallRate.prefault('1/s').meta({
      kind: 'rate',
      description: 'Highest rate of calls to L2L, look-ups included. `unlimited`: only for a sandbox',
      examples: ['1/s', '900/h', 'unlimited'],
    }),
    concurrency: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .meta({ description: 'How many calls may be under way at the same time' }),
    timeout: Duration.refine(ms => ms > 0, 'write a time longer than 0s')
      .prefault('60s')
      .meta({ range: 'longer than 0s', description: 'How long the gateway waits for an answer' }),
    settle: Duration.prefault('60s').meta({
      description:
        'How long the gateway waits after a call without an answer, before it asks L2L whether the call arrived',
    }),
    look_again: Duration.prefault('30s').meta({
      description: 'Time between the two look-ups that must both find nothing before the gateway repeats a call',
    }),
    transient: Refusals.default([]).meta({
      examples: [['nightly backup']],
      description:
        'More parts of the texts with which L2L refuses a call only for the moment. The gateway tries such a call again without an end. It knows the usual texts: rate limit, too many requests, throttled, try again, temporarily, timeout, maintenance, deadlock, lock',
    }),
    give_up_after: Duration.prefault('1h').meta({
      description:
        'How long the gateway sends a call again that L2L refuses, in growing intervals. Calls of the same machine or line wait meanwhile. Then the call is a dead letter. `0s`: at once',
    }),
    reads: z.enum(['full', 'never'], 'write full or never').default('full').meta({
      description:
        'Whether the gateway reads L2L. `never`: for a key that may only write. Then the gateway sees less; `check` shows what is weaker',
    }),
    blocked: Refusals.default(['already has an open critical Dispatch']).meta({
      description:
        'Parts of the texts with which L2L refuses an open because another dispatch is open on the machine. The gateway tries again until that dispatch is closed',
    }),
    cycles_from_production: z
      .boolean('write true or false')
      .optional()
      .meta({
        kind: 'true or false',
        description:
          'Whether L2L adds recorded production to the cycle counts of machines: its Scheduler has the setting "Enable Machine Cycle Count Update From Production Actuals". `check` warns of a counter that a cycles rule and a production rule share, until a person has looked at this setting and writes `false`',
        examples: [false],
      }),
    watch: Duration.refine(ms => ms > 0, 'write a time longer than 0s')
      .prefault('60s')
      .meta({
        range: 'longer than 0s',
        description:
          'How often the gateway asks L2L which dispatches people closed. Only for rules with `if_closed_by_person: reopen`',
      }),
    batch_settle: Duration.prefault('5m').meta({
      description:
        'The same as `settle`, for a batch of production details: L2L accepts a batch at once and works on it later',
    }),
    follow_up: Duration.refine(ms => ms > 0, 'write a time longer than 0s')
      .prefault('30s')
      .meta({
        range: 'longer than 0s',
        description:
          'When the gateway asks L2L about an accepted batch for the first time. Each further wait is twice as long, at most 10 minutes',
      }),
  })
  .meta({ description: 'The L2L site to which the gateway sends calls' });
export type L2l = z.output<typeof L2l>;
