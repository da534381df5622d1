import { describe, expect, it } from 'vitest';
import { mqtt } from '../../../src/adapters/mqtt/definition.ts';

const SOURCE = { protocol: 'mqtt', url: 'mqtt://broker.plant', client_id: 'press_shop_1' };
const SIGNAL = { topic: 'plant/oven2/state', json: '$.temp', as: 'number' };

function problems(source: object): readonly string[] {
  const parsed = mqtt.schema.safeParse({ ...SOURCE, signals: { 'oven2.temp': SIGNAL }, ...source });
  return parsed.success ? [] : parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`);
}

describe('mqtt source in the config', () => {
  it('an mqtt source has defaults that keep messages', () => {
    expect(mqtt.schema.parse({ ...SOURCE, signals: { 'oven2.temp': SIGNAL } })).toMatchObject({
      version: 5,
      keepalive: 60_000,
      session_expiry: 86_400_000,
      receive_maximum: 1000,
      max_skew: 300_000,
    });
  });

  it('the schema accepts the limits of the broker, and refuses a queue that keeps nothing', () => {
    expect(problems({ queue_limit: 1000, max_offline: '8h' })).toEqual([]);
    expect(problems({ queue_limit: 0 })).toEqual([
      'queue_limit: write how many messages the broker keeps, such as 1000',
    ]);
  });

  it('an mqtt source declares its signals', () => {
    const config = mqtt.schema.parse({
      ...SOURCE,
      signals: {
        'oven2.temp': { ...SIGNAL, stale_after: '30s' },
        'press1.strokes': { topic: 'press1', as: 'integer', counter: { wraps: 4_294_967_295, max_rate: '60/min' } },
        'press1.on': { topic: 'press1/on', as: 'bool', map: { ON: true } },
      },
    });

    expect(mqtt.signals('broker', config)).toMatchObject([
      {
        name: 'oven2.temp',
        source: 'broker',
        type: 'number',
        staleAfter: 30_000,
        restorable: true,
        acceptUncertain: false,
      },
      { name: 'press1.strokes', type: 'number', counter: { wrapsAt: 4_294_967_295, maxRate: 0.001 } },
      { name: 'press1.on', type: 'bool' },
    ]);
    const fingerprints = mqtt.signals('broker', config).map(signal => signal.fingerprint);
    expect(new Set(fingerprints).size).toBe(3);
  });

  it('an mqtt source knows the address of each signal', () => {
    const config = mqtt.schema.parse({
      ...SOURCE,
      signals: { 'oven2.temp': SIGNAL, 'a.b': { topic: 'a', as: 'bool' } },
    });

    expect(mqtt.describe?.(config)).toEqual({
      source: 'mqtt://broker.plant',
      signals: new Map([
        ['oven2.temp', 'plant/oven2/state $.temp'],
        ['a.b', 'a'],
      ]),
    });
  });

  it.each([
    [{ url: 'broker.plant' }, /^url: is not the address of a broker; write it such as mqtt:/],
    [{ url: 'http://broker' }, /^url: is not the address/],
    [{ url: 'mqtt://me:pw@broker' }, /^url: .*login:$/],
    [{ url: 'mqtt://broker/plant' }, /^url: the address ends after the port/],
    [{ client_id: '' }, /^client_id: /],
    [{ version: 4 }, /^version: write version: 5 or version: 3.1.1$/],
    [{ session_expiry: '0s' }, /^session_expiry: without a session the broker drops/],
    [{ keepalive: '0s' }, /^keepalive: /],
    [{ receive_maximum: 0 }, /^receive_maximum: /],
    [{ tls: { ca: 'ca.pem' } }, /^tls: certificates need mqtts:/],
    [{ url: 'mqtts://b', tls: { cert: 'c.pem' } }, /^tls: cert and key belong together/],
    [{ alive: { signal: 'a', within: '5s' } }, /^alive: alive is not built yet/],
    [{ topics: [] }, /: Unrecognized key/],
    [{ signals: {} }, /^signals: name at least one signal/],
    [{ signals: { 'Oven-2': SIGNAL } }, /^signals\.Oven-2: /],
    [{ signals: { 'oven2.5': SIGNAL } }, /^signals\.oven2\.5: /],
    [{ signals: { a: { ...SIGNAL, topic: 'a/#/b' } } }, /^signals\.a\.topic: # must stand alone/],
    [{ signals: { a: { ...SIGNAL, json: '$.a[' } } }, /^signals\.a\.json: "\$\.a\[" is not a JSON path/],
    [{ signals: { a: { topic: 'a' } } }, /^signals\.a\.as: write as: bool, number, integer or string/],
    [
      { signals: { a: { ...SIGNAL, as: 'bool', map: { ON: 1 } } } },
      /^signals\.a\.map: ON means 1, but the signal is bool/,
    ],
    [
      { signals: { a: { ...SIGNAL, map: { ON: 2 ** 53 } } } },
      /^signals\.a\.map\.ON: is too large to be exact; numbers go from -9007199254740991 to 9007199254740991/,
    ],
    [{ signals: { a: { ...SIGNAL, map: { ON: Number.NaN } } } }, /^signals\.a\.map\.ON: write true, false, a number/],
    [
      { signals: { a: { ...SIGNAL, counter: { wraps: 'full', max_rate: '1/s' } } } },
      /^signals\.a\.counter: a payload has no fixed width/,
    ],
    [{ signals: { a: { ...SIGNAL, counter: { wraps: 'never' } } } }, /^signals\.a\.counter\.max_rate: write a rate/],
    [
      { signals: { a: { ...SIGNAL, as: 'bool', counter: { wraps: 'never', max_rate: '1/s' } } } },
      /^signals\.a\.counter: a counter is a number/,
    ],
    [
      { signals: { a: { ...SIGNAL, time: '$.t' }, b: { ...SIGNAL, time: '$.u' } } },
      /^signals\.b\.time: a takes the time of the same message from \$\.t; a message has one time$/,
    ],
  ])('the mqtt schema refuses %j', (source, words) => {
    const found = problems(source);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(words);
  });
});
