import { z } from 'zod';
import { aboutAddress, hasLogin } from '../../core/address.ts';
import { Duration, notBuilt } from '../../core/fields.ts';
import { SecretText } from '../../core/secret.ts';
import {
  Counter,
  fullScale,
  sharedSignalFields,
  signalMap,
  typeEnum,
  WidthType,
  wrapsProblem,
} from '../signal-fields.ts';
import { parseNode } from './node-ref.ts';

/** The type of a node. Without `as` it is yes/no. A named width has to be the node's own, because a counter's rollover depends on it. */
export const OpcuaType = typeEnum([...WidthType.options, 'int8', 'uint8', 'number', 'string']);
export type OpcuaType = z.output<typeof OpcuaType>;

const Node = z
  .string()
  .refine(
    text => parseNode(text, undefined) !== undefined,
    'write a node id: s="Press1"."Running", i=2258, nsu=http://vendor/ns;s=… or ns=2;s=…',
  )
  .meta({
    description:
      'Node id: `s=…` or `i=…` in the namespace of the source, `nsu=URI;s=…` with its own namespace, or `ns=2;s=…` (this index may change after a download to the PLC)',
    examples: ['s="Press1"."Running"'],
  });

const Queue = z.int().min(1).max(1000);

/** The highest value of an integer node; null where `wraps: full` means nothing. */
export function fullScaleOf(type: OpcuaType): number | bigint | null {
  switch (type) {
    case 'int8':
      return 127;
    case 'uint8':
      return 255;
    case 'number':
    case 'string':
      return null;
    default:
      return fullScale(type);
  }
}

const LongSignal = z
  .strictObject({
    node: Node,
    as: OpcuaType.default('bool').meta({ description: 'Type of the value of the node', examples: ['uint32'] }),
    index: z
      .int()
      .min(0)
      .max(0xffff_ffff)
      .optional()
      .meta({
        description: 'Element of an array node, counted from 0. A node with one value has no `index`',
        examples: [3],
      }),
    sampling: Duration.optional().meta({
      description: 'How often the server samples this node. Default: `sampling` of the source',
      examples: ['100ms'],
    }),
    queue: Queue.optional().meta({
      description:
        'How many changes of this node the server keeps between two notifications. Default: `queue` of the source',
      examples: [50],
    }),
    counter: Counter.optional(),
    unit_text: sharedSignalFields.unit_text,
    accept: sharedSignalFields.accept,
    settle: notBuilt('settle'),
    ignore: notBuilt('ignore'),
  })
  .superRefine(({ as, counter }, context) => {
    if (!counter) return;
    const message =
      as === 'bool' || as === 'string'
        ? `a ${as} does not count; write the counter's type, such as as: uint32`
        : counter.wraps === 'full' && fullScaleOf(as) === null
          ? `wraps: full needs an integer type, not ${as}; write as: uint32, or the type of the node`
          : undefined;
    if (message) context.addIssue({ code: 'custom', path: ['counter'], message });
    const wraps = wrapsProblem(counter, as, fullScaleOf(as));
    if (wraps) context.addIssue({ code: 'custom', path: ['counter', 'wraps'], message: wraps });
  })
  .meta({ description: 'A node of the server. A node id alone stands for `{ node: …, as: bool }`' });
export type OpcuaSignal = z.output<typeof LongSignal>;

/** A node id alone is the short form of a yes/no signal. */
const Signal = z.union([Node.transform((node): OpcuaSignal => ({ node, as: 'bool' })), LongSignal]);

const Login = z
  .strictObject({
    user: z
      .string()
      .min(1)
      .meta({ description: 'User at the server', examples: ['gateway'] }),
    password: SecretText.meta({
      description: 'Password of this user, written as a reference',
      examples: [`\${OPCUA_PASSWORD}`],
    }),
  })
  .meta({ description: 'User and password. Without this key the gateway logs in anonymously' });

function endpointProblem(text: string): string | undefined {
  if (hasLogin(text)) return 'the address holds a user or a password, which would be shown; write them under login:';
  const isAddress = /^opc\.tcp:\/\/(?:\[[0-9a-fA-F:.]+\]|[^\s/:[\]]+)(?::\d{1,5})?(?:\/\S*)?$/.test(text);
  return isAddress ? undefined : 'write the address as opc.tcp://address:4840';
}

/** One OPC UA server, one session. */
export const OpcuaSource = z
  .strictObject({
    protocol: z.literal('opcua').meta({ description: 'OPC UA' }),
    endpoint: z
      .string()
      .superRefine((text, context) => {
        const problem = endpointProblem(text);
        if (problem) context.addIssue({ code: 'custom', message: problem, params: aboutAddress(problem) });
      })
      .meta({
        kind: 'address',
        pattern: '^opc\\.tcp://[^\\s/@]+(?:/[^\\s@]*)?$',
        description: 'Address of the OPC UA server',
        examples: ['opc.tcp://192.168.10.20:4840'],
      }),
    profile: notBuilt('profile'),
    security: z.literal('none', 'security other than none is not built yet; write none').default('none').meta({
      description:
        '`none`: messages are not signed or encrypted. Only the password is encrypted, if the server asks for it',
    }),
    login: Login.optional(),
    namespace: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'Namespace URI of node ids that name no namespace',
        examples: ['http://www.siemens.com/simatic-s7-opcua'],
      }),
    sampling: Duration.prefault('250ms').meta({
      description: 'How often the server samples a node',
      examples: ['250ms'],
    }),
    publishing: Duration.refine(ms => ms > 0 && ms <= 10_000, 'publishing is more than 0 and at most 10s')
      .prefault('500ms')
      .meta({
        range: 'longer than 0s, at most 10s',
        description: 'How often the server sends changes',
        examples: ['500ms'],
      }),
    queue: Queue.default(10).meta({
      description: 'How many changes of a node the server keeps between two notifications',
    }),
    clock: z.enum(['gateway', 'source']).default('gateway').meta({
      description:
        'Which clock gives the times of events. `gateway`: the clock of the host. `source`: the source timestamps of the server',
    }),
    max_skew: Duration.prefault('5m').meta({
      description:
        'With `clock: source`: the gateway does not use a time that differs by more than this from its own clock',
      examples: ['5m'],
    }),
    alive: notBuilt('alive'),
    start_hold: notBuilt('start_hold'),
    signals: signalMap(Signal),
  })
  .superRefine(({ namespace, signals }, context) => {
    if (namespace !== undefined) return;
    for (const [name, { node }] of Object.entries(signals)) {
      // A number alone is in OPC UA's own namespace, which is the same on every server. An example is i=2258, the server's time.
      if (!/^[sgb]=/.test(node)) continue;
      const message =
        'the namespace of this node is missing; write for example namespace: http://www.siemens.com/simatic-s7-opcua in the source, or ns=2;s=… here';
      context.addIssue({ code: 'custom', path: ['signals', name], message });
    }
  })
  .meta({ description: 'One OPC UA server, with one session' });
export type OpcuaSource = z.output<typeof OpcuaSource>;
