import { z } from 'zod';
import { aboutAddress, hasLogin } from '../../core/address.ts';
import { Duration, notBuilt } from '../../core/fields.ts';
import { SecretText } from '../../core/secret-text.ts';
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

/** What a node holds. Without `as`, yes/no. A named width has to be the node's own: a counter's rollover depends on it. */
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
      'Node id: s=… or i=… in the namespace of the source, nsu=URI;s=…, or ns=2;s=… (an index may move after a download)',
    examples: ['s="Press1"."Running"'],
  });

const Queue = z.int().min(1).max(1000);

/** Highest value of an integer node; null where `wraps: full` means nothing. */
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
    as: OpcuaType.default('bool').meta({ description: 'What the node holds; yes/no when left out' }),
    index: z
      .int()
      .min(0)
      .max(0xffff_ffff)
      .optional()
      .meta({ description: 'Which element of an array node, counted from 0; left out for a node of one value' }),
    sampling: Duration.optional().meta({ description: 'How often the server looks at this node' }),
    queue: Queue.optional().meta({ description: 'Changes the server keeps of this node between two notifications' }),
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
          ? `wraps: full needs an integer type, not ${as}; write as: uint32 or whatever the node is`
          : undefined;
    if (message) context.addIssue({ code: 'custom', path: ['counter'], message });
    const wraps = wrapsProblem(counter, as, fullScaleOf(as));
    if (wraps) context.addIssue({ code: 'custom', path: ['counter', 'wraps'], message: wraps });
  });
export type OpcuaSignal = z.output<typeof LongSignal>;

/** A node id alone is short for a yes/no signal. */
const Signal = z.union([Node.transform((node): OpcuaSignal => ({ node, as: 'bool' })), LongSignal]);

const Login = z
  .strictObject({ user: z.string().min(1), password: SecretText })
  .meta({ description: 'User and password; anonymous when left out' });

function endpointProblem(text: string): string | undefined {
  if (hasLogin(text)) return 'the address holds a user or a password, which would be shown; write them under login:';
  const isAddress = /^opc\.tcp:\/\/(?:\[[0-9a-fA-F:.]+\]|[^\s/:[\]]+)(?::\d{1,5})?(?:\/\S*)?$/.test(text);
  return isAddress ? undefined : 'write the address as opc.tcp://address:4840';
}

/** One OPC UA server, one session. */
export const OpcuaSource = z
  .strictObject({
    protocol: z.literal('opcua'),
    endpoint: z
      .string()
      .superRefine((text, context) => {
        const problem = endpointProblem(text);
        if (problem) context.addIssue({ code: 'custom', message: problem, params: aboutAddress(problem) });
      })
      .meta({
        pattern: '^opc\\.tcp://[^\\s/@]+(?:/[^\\s@]*)?$',
        description: 'Address of the server',
        examples: ['opc.tcp://192.168.10.20:4840'],
      }),
    profile: notBuilt('profile'),
    security: z
      .literal('none', 'security other than none is not built yet; write none')
      .default('none')
      .meta({ description: 'none: nothing is signed or encrypted but the password, where the server wants it so' }),
    login: Login.optional(),
    namespace: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'URI of the namespace that short node ids belong to',
        examples: ['http://www.siemens.com/simatic-s7-opcua'],
      }),
    sampling: Duration.default(250).meta({ description: 'How often the server looks at a node', examples: ['250ms'] }),
    publishing: Duration.default(500)
      .refine(ms => ms > 0 && ms <= 10_000, 'publishing is more than 0 and at most 10s')
      .meta({ description: 'How often the server sends what changed', examples: ['500ms'] }),
    queue: Queue.default(10).meta({ description: 'Changes the server keeps of a node between two notifications' }),
    clock: z.enum(['gateway', 'source']).default('gateway').meta({ description: 'Whose clock gives the event times' }),
    max_skew: Duration.default(300_000).meta({
      description: 'With clock: source, a time that is further from ours than this is not believed',
      examples: ['5m'],
    }),
    alive: notBuilt('alive'),
    start_hold: notBuilt('start_hold'),
    signals: signalMap(Signal),
  })
  .superRefine(({ namespace, signals }, context) => {
    if (namespace !== undefined) return;
    for (const [name, { node }] of Object.entries(signals)) {
      // A number alone is OPC UA's own namespace in every server, such as i=2258, the server's time.
      if (!/^[sgb]=/.test(node)) continue;
      const message =
        'the namespace of this node is missing; write such as namespace: http://www.siemens.com/simatic-s7-opcua in the source, or ns=2;s=… here';
      context.addIssue({ code: 'custom', path: ['signals', name], message });
    }
  });
export type OpcuaSource = z.output<typeof OpcuaSource>;
