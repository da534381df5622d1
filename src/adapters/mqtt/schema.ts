import { z } from 'zod';
import { aboutAddress, hasLogin } from '../../core/address.ts';
import { Duration } from '../../core/fields.ts';
import { SecretText } from '../../core/secret.ts';
import { plannedSourceFields, sharedSignalFields, signalMap, WrittenValue } from '../signal-fields.ts';
import { pathProblem } from './json-path.ts';
import { filterProblem } from './topics.ts';

/** A text without a `problem`. */
function checked(problem: (text: string) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message) context.addIssue({ code: 'custom', message });
  });
}

const JsonPathText = checked(pathProblem);

export const MqttSignal = z
  .strictObject({
    topic: checked(filterProblem).meta({
      description: 'Topic. `+` stands for one part; `#` at the end stands for all parts that follow',
      examples: ['plant/oven2/state', 'cell7/+/fault'],
    }),
    json: JsonPathText.optional().meta({
      description: 'JSON path (RFC 9535) of the value in the payload. Without this key the payload itself is the value',
      examples: ['$.temp', "$.robots[?@.id=='R3'].fault"],
    }),
    as: z
      .enum(['bool', 'number', 'integer', 'string'], 'write as: bool, number, integer or string')
      .meta({ description: 'Type of the value. A value of another type is bad', examples: ['number'] }),
    map: z
      .record(z.string(), WrittenValue)
      .optional()
      .meta({
        description: 'What each word in the payload means. Any other word is bad',
        examples: [{ ON: true, OFF: false }],
      }),
    time: JsonPathText.optional().meta({
      description:
        'JSON path of the time of the event: an ISO text with its zone, or seconds or milliseconds since 1970',
      examples: ['$.ts'],
    }),
    ...sharedSignalFields,
  })
  .superRefine((signal, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    for (const [word, value] of Object.entries(signal.map ?? {})) {
      const kind = signal.as === 'bool' ? 'boolean' : signal.as === 'string' ? 'string' : 'number';
      if (typeof value !== kind) wrong('map', `${word} means ${String(value)}, but the signal is ${signal.as}`);
      else if (signal.as === 'integer' && !Number.isSafeInteger(value)) wrong('map', `${word} means no whole number`);
    }
    if (!signal.counter) return;
    if (signal.as !== 'integer' && signal.as !== 'number')
      wrong('counter', `a counter is a number; write as: integer in place of as: ${signal.as}`);
    if (signal.counter.wraps === 'full')
      wrong(
        'counter',
        'a payload has no fixed width, so its full range is not known; write the type of the counter in the PLC, such as wraps: uint32, or its highest value, or wraps: never',
      );
  })
  .meta({ description: 'A value in the messages of a topic' });
export type MqttSignal = z.output<typeof MqttSignal>;

function urlProblem(text: string): string | undefined {
  if (hasLogin(text)) return 'the address holds a user or a password, which would be shown; write them under login:';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['mqtt:', 'mqtts:'].includes(url.protocol) || url.hostname === '')
    return 'is not the address of a broker; write it such as mqtt://broker.plant:1883 or mqtts://broker.plant:8883';
  if ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '')
    return 'the address ends after the port; topics are written with each signal';
  return undefined;
}

const Url = z.string().superRefine((text, context) => {
  const message = urlProblem(text);
  if (message) context.addIssue({ code: 'custom', message, params: aboutAddress(message) });
});

export const MqttSource = z
  .strictObject({
    protocol: z.literal('mqtt').meta({ description: 'MQTT' }),
    url: Url.meta({
      description: 'Address of the broker. `mqtts://` uses TLS',
      kind: 'address',
      examples: ['mqtt://broker.plant:1883', 'mqtts://broker.plant:8883'],
    }),
    version: z
      .union([z.literal(5), z.literal('3.1.1')], 'write version: 5 or version: 3.1.1')
      .default(5)
      .meta({ description: 'MQTT version. `3.1.1` is for older brokers' }),
    client_id: z
      .string()
      .min(1, 'write a name that no other client of this broker has')
      .meta({
        description:
          'Name of this gateway at the broker. No other client may have it: the broker keeps messages under this name',
        examples: ['press_shop_1'],
      }),
    login: z
      .strictObject({
        user: z
          .string()
          .min(1)
          .meta({ description: 'User at the broker', examples: ['gateway'] }),
        password: SecretText.meta({
          description: 'Password of this user, written as a reference',
          examples: [`\${MQTT_PASSWORD}`],
        }),
      })
      .optional()
      .meta({ description: 'User and password for the broker' }),
    tls: z
      .strictObject({
        ca: z
          .string()
          .optional()
          .meta({
            description: 'File with the certificate of the authority that signed the certificate of the broker',
            kind: 'file',
            examples: ['/etc/l2l-gateway/ca.pem'],
          }),
        servername: z
          .string()
          .min(1)
          .optional()
          .meta({
            description: 'Name in the certificate of the broker, when it is not the host of `url`',
            examples: ['broker.plant'],
          }),
        cert: z
          .string()
          .optional()
          .meta({
            description: "File with the gateway's own certificate",
            kind: 'file',
            examples: ['/etc/l2l-gateway/gateway.pem'],
          }),
        key: z
          .string()
          .optional()
          .meta({
            description: 'File with the private key of that certificate',
            kind: 'file',
            examples: ['/etc/l2l-gateway/gateway.key'],
          }),
      })
      .refine(
        tls => (tls.cert === undefined) === (tls.key === undefined),
        'cert and key belong together: name both files',
      )
      .optional()
      .meta({ description: 'Certificate files for mqtts://, in PEM form' }),
    keepalive: Duration.refine(ms => ms >= 1000 && ms <= 65_535_000, 'write a time from 1s to 18h')
      .prefault('60s')
      .meta({ range: '1s to 18h', description: 'How often the gateway tests a silent connection' }),
    session_expiry: Duration.refine(
      ms => ms >= 1000 && ms <= 4_294_967_294_000,
      'without a session the broker drops what happens while the gateway is away; write at least 1s, such as 24h',
    )
      .prefault('24h')
      .meta({
        range: 'at least 1s',
        description: 'How long the broker keeps messages while the gateway is away (MQTT 5)',
      }),
    queue_limit: z
      .int()
      .min(1, 'write how many messages the broker keeps, such as 1000')
      .optional()
      .meta({
        description:
          'How many messages the broker keeps while the gateway is away (mosquitto: `max_queued_messages`). When so many have arrived, messages may be lost: states are unknown until the devices send them again',
        examples: [1000],
      }),
    max_offline: Duration.optional().meta({
      description:
        'After a longer absence, states are unknown until the devices send them again, although the broker kept the session. Default: `session_expiry`',
      examples: ['8h'],
    }),
    receive_maximum: z
      .int()
      .min(1)
      .max(65_535)
      .default(1000)
      .meta({ description: 'How many received messages may wait for their acknowledgement' }),
    max_skew: Duration.prefault('5m').meta({
      description: 'The gateway does not use a time in a payload that differs by more than this from its own clock',
    }),
    ...plannedSourceFields,
    signals: signalMap(MqttSignal),
  })
  .superRefine((source, context) => {
    if (source.tls && source.url.startsWith('mqtt:'))
      context.addIssue({ code: 'custom', path: ['tls'], message: 'certificates need mqtts:// in url' });
    const times = new Map<string, { name: string; time: string }>();
    for (const [name, { topic, time }] of Object.entries(source.signals)) {
      if (time === undefined) continue;
      const other = times.get(topic);
      if (other && other.time !== time)
        context.addIssue({
          code: 'custom',
          path: ['signals', name, 'time'],
          message: `${other.name} takes the time of the same message from ${other.time}; a message has one time`,
        });
      times.set(topic, { name, time });
    }
  })
  .meta({ description: 'A broker whose messages carry signals (MQTT 5 or 3.1.1)' });
export type MqttSource = z.output<typeof MqttSource>;
