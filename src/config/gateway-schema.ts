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
    // What came through a reference may hold a password; what stands in the file may not.
    const url = value instanceof Secret ? value : new Secret(value);
    const problem = redisAddressProblem(url.reveal(), value instanceof Secret);
    if (problem === null) return { url };
    context.issues.push({
      code: 'custom',
      input: value,
      message: REDIS_WORDS,
      // Of what a reference holds, read as a text at last, the words say what is wrong with it as an address with a login.
      params: { secret: true, referred: redisAddressProblem(url.reveal(), true) ?? problem },
    });
    return z.NEVER;
  });

const SMALLEST_JOURNAL = 1024 ** 2;

const Journal = z
  .strictObject({
    keep: Duration.prefault('90d').meta({
      description: 'How long what is settled stays in the journal: what was sent, when, why, what L2L answered',
    }),
    keep_decisions: Duration.prefault('30d').meta({
      description:
        'How long what the rules decided without sending anything stays in the journal, for journal list --rule; 200,000 of them at most',
    }),
    max_size: Size.refine(size => size >= SMALLEST_JOURNAL, 'write at least 1MiB, such as 2GB')
      .prefault('2GB')
      .meta({
        description:
          'Most that the journal may hold; the oldest history goes first. What was not sent to L2L yet never goes: when that alone is so much, nothing new is taken',
      }),
    ballast: Size.prefault('64MiB').meta({
      description: 'Kept free for a full disk, so that what came of calls under way can still be written; 0B: nothing',
    }),
    on_corrupt: z.enum(['refuse', 'rebuild']).default('refuse').meta({
      description:
        'refuse: the gateway does not start with a damaged journal; rebuild: it sets it aside and begins anew',
    }),
  })
  .meta({ description: 'The file that holds what has to be sent to L2L, and what was sent' });

export const Gateway = z
  .strictObject({
    name: Name.meta({
      description: 'Name of this gateway, used by no other gateway of the plant',
      examples: ['press_shop_1'],
    }),
    mode: z
      .enum(['shadow', 'live'])
      .default('shadow')
      .meta({ description: 'shadow: evaluates and journals, sends nothing; until somebody writes live' }),
    data: z.string().min(1).default('./data').meta({
      description:
        'Folder of the journal, on a local disk; a relative path counts from the folder the command is started in',
    }),
    journal: Journal.prefault({}),
    http: Http.prefault('127.0.0.1:8080').meta({
      description: 'Address of the status page and the health checks; off: none',
      examples: ['127.0.0.1:8080', '0.0.0.0:8080', 'off'],
    }),
    redis: Redis.optional().meta({
      type: 'string',
      description:
        'Address of a single Redis of your own, not of a cluster; without it the gateway starts one for itself',
      examples: ['redis://redis:6379', `\${REDIS_URL}`],
    }),
    freeze_limit: Duration.prefault('10m').meta({
      description: 'A signal unknown for longer than this makes a running delay start anew',
    }),
    clock: z.enum(['check', 'trust']).default('check').meta({
      description:
        'check: nothing is sent while the clock stands behind the journal or before this version was made; trust: the clock is right, whatever it says',
    }),
    log: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .meta({ description: 'Least important log line that is written' }),
  })
  .meta({ description: 'The gateway itself' });
export type Gateway = z.output<typeof Gateway>;
