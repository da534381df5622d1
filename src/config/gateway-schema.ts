import { z } from 'zod';
import { redisAddressProblem } from '../core/address.ts';
import { Duration, Size } from '../core/fields.ts';
import { Secret } from '../core/secret.ts';

/** Names of gateways, sources, lookups and rules: part of signal names, so no dash (in a condition that is a minus) and no dot. */
export const Name = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'write a name in lower-case letters, digits and _, such as press_shop_1');

const ADDRESS = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:]+)):(\d{1,5})$/;

/** Where the status page and the health check listen. */
export type HttpAddress = { readonly host: string; readonly port: number };

const Http = z
  .string('write host:port, such as 127.0.0.1:8080, or off')
  .transform((text, context): HttpAddress | null => {
    if (text === 'off') return null;
    const [, six, host, port] = ADDRESS.exec(text) ?? [];
    if (port === undefined || Number(port) > 65_535) {
      context.issues.push({
        code: 'custom',
        input: text,
        message: 'write host:port, such as 127.0.0.1:8080 or 0.0.0.0:8080, or off',
      });
      return z.NEVER;
    }
    return { host: six ?? host ?? '', port: Number(port) };
  });

const REDIS_WORDS = `write redis://host:6379 or rediss:// for TLS; an address with a password only as a reference such as \${REDIS_URL}`;

const Redis = z
  .custom<string | Secret>(value => typeof value === 'string' || value instanceof Secret, REDIS_WORDS)
  .transform((value, context) => {
    // A value of a reference may hold a password; a text in the file may not.
    const url = value instanceof Secret ? value : new Secret(value);
    const problem = redisAddressProblem(url.reveal(), value instanceof Secret);
    if (problem === null) return { url };
    context.issues.push({
      code: 'custom',
      input: value,
      message: REDIS_WORDS,
      // The value of a reference is checked as an address with a login.
      params: { secret: true, referred: redisAddressProblem(url.reveal(), true) ?? problem },
    });
    return z.NEVER;
  });

const SMALLEST_JOURNAL = 1024 ** 2;

const Journal = z
  .strictObject({
    keep: Duration.prefault('90d').meta({
      description: 'How long the journal keeps finished actions: the call, its time, its cause and the answer of L2L',
    }),
    keep_decisions: Duration.prefault('30d').meta({
      description:
        'How long the journal keeps decisions of rules that led to no call; 200,000 at most. `journal list --rule` shows them',
    }),
    max_size: Size.refine(size => size >= SMALLEST_JOURNAL, 'write at least 1MiB, such as 2GB')
      .prefault('2GB')
      .meta({
        range: 'at least 1MiB',
        description:
          'Largest size of the journal. At this size it deletes its oldest history. It never deletes a call that L2L has not received: when such calls alone fill it, the gateway takes nothing new until there is room',
      }),
    ballast: Size.prefault('64MiB').meta({
      description:
        'Size of a file that the gateway deletes when the disk is full, so that it can still write the outcomes of calls that are under way. It takes nothing new until the disk has twice this room. `0B`: no such file',
    }),
    on_corrupt: z.enum(['refuse', 'rebuild']).default('refuse').meta({
      description:
        'What the gateway does with a damaged journal. `refuse`: it does not start. `rebuild`: it sets the file aside (`journal.damaged-…`) and begins a new one',
    }),
  })
  .meta({ description: 'The local file that keeps each action until L2L has it, and its history after that' });

export const Gateway = z
  .strictObject({
    name: Name.meta({
      kind: 'name',
      description: 'Name of this gateway. No other gateway of the plant may have it',
      examples: ['press_shop_1'],
    }),
    mode: z.enum(['shadow', 'live']).default('shadow').meta({
      description:
        '`shadow`: the gateway evaluates the rules, records what it would send, and sends nothing. `live`: it sends',
    }),
    data: z.string().min(1).default('./data').meta({
      description:
        'Folder of the journal, on a local disk. A relative path counts from the folder in which you start the command',
    }),
    journal: Journal.prefault({}),
    http: Http.prefault('127.0.0.1:8080').meta({
      kind: 'address',
      description: 'Address of the status page and of the health checks. `off`: none',
      examples: ['127.0.0.1:8080', '0.0.0.0:8080', 'off'],
    }),
    redis: Redis.optional().meta({
      type: 'string',
      kind: 'address',
      description:
        'Address of your own single Redis (not of a cluster). Without this key the gateway starts a Redis for itself',
      examples: ['redis://redis:6379', `\${REDIS_URL}`],
    }),
    freeze_limit: Duration.prefault('10m').meta({
      description: 'When a signal was unknown for longer than this, a delay that runs starts again from zero',
    }),
    clock: z.enum(['check', 'trust']).default('check').meta({
      description:
        '`check`: the gateway sends nothing while the clock shows a time before the last entry of the journal, or before this version was made. `trust`: the clock is right, whatever it shows',
    }),
    log: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .meta({ description: 'Least important level of log lines that the gateway writes' }),
  })
  .meta({ description: 'Name, mode and files of this gateway' });
export type Gateway = z.output<typeof Gateway>;
