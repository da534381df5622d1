import { describe, expect, it } from 'vitest';
import { loadPlant } from '../../src/config/load-plant.ts';
import { ConfigError } from '../../src/core/errors.ts';

const CONFIG = `gateway: { name: press_shop_1 }
l2l:
  url: https://acme.leading2lean.com
  api_key: "\${L2L_API_KEY}"
  site: 47
  timezone: Europe/Berlin
  user: edge
sources:
  press_plc:
    protocol: simulated
    signals:
      press1.running: { as: bool, script: [{ for: 9s, value: true }] }
      press1.faults: { as: uint16, script: [{ for: 9s, value: 4 }] }
      press1.state: { as: string, script: [{ for: 9s, value: RUN }] }
      press1.strokes: { as: uint32, count: { every: 3s }, counter: { wraps: full, max_rate: 60/min } }
      press1.boxes: { as: uint32, count: { every: 3s }, counter: { wraps: full, max_rate: 60/min } }
  broker:
    protocol: mqtt
    url: mqtts://broker.example:8883
    client_id: edge
    login: { user: edge, password: "\${MQTT_PASSWORD}" }
    signals: { oven.on: { topic: oven, as: bool } }
lookups:
  faults: { key: bit, file: faults.csv, default: { reason: OTHER, name: unknown } }
  recipes: { key: number, file: recipes.csv }
defaults: { dispatch: { trade: MAINT } }
rules:
  press_10: { when: not press1.running, on_delay: 1m, dispatch: { machine: PRESS-10, type: DOWN, description: Down, reason: "{{ faults[press1.faults].reason }}" } }
  press_9: { when: not oven.on, on_delay: 1m, dispatch: { machine: PRESS-9, type: CALL, trade: LEAD, description: Call, reason: "R-{{ press1.state }}" } }
  cycles: { cycles: { machine: PRESS-10, counter: press1.strokes } }
  line1: { production: { line: LINE-1, total: press1.strokes, product: "{{ recipes[press1.faults].product }}" } }
  line2: { production: { line: LINE-2, good: press1.boxes, product: autodetect } }
`;
const FILES: Record<string, string> = {
  'plant.yaml': CONFIG,
  'faults.csv': 'bit;reason;name\n0;HYDR;Pressure\n1;ELEC;Drive\n2;HYDR;Filter\n',
  'recipes.csv': 'recipe,product\n1,0815\n2,P-200\n',
};

function load(env: Record<string, string> = {}, text = CONFIG) {
  return loadPlant('plant.yaml', env, path => {
    const found = path === 'plant.yaml' ? text : FILES[path];
    if (found === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' });
    return new TextEncoder().encode(found);
  });
}

describe('the plant of a config', () => {
  it('a plant has every code that the rules can send, those of lookups included', () => {
    expect(load()).toMatchObject({
      site: 47,
      timezone: 'Europe/Berlin',
      user: 'edge',
      machines: ['PRESS-9', 'PRESS-10'],
      lines: ['LINE-1', 'LINE-2'],
      autodetect: ['LINE-2'],
      types: ['CALL', 'DOWN'],
      trades: ['LEAD', 'MAINT'],
      reasons: ['ELEC', 'HYDR', 'OTHER'],
      products: ['0815', 'P-200'],
      openReasons: ['R-{{ press1.state }}'],
      openProducts: [],
      withoutTrade: [],
    });
  });

  it('a plant names the dispatch rules that have no trade', () => {
    const text = CONFIG.replace(/^defaults:.*\n/m, '');
    expect(load({}, text).withoutTrade).toEqual(['press_10']);
  });

  it('a plant needs neither secrets nor addresses', () => {
    const { key, sendsTo } = load({}, CONFIG.replace(/^ {2}url: https.*\n/m, ''));
    expect(key).toEqual({ written: `\${L2L_API_KEY}`, value: null });
    expect(sendsTo).toEqual({ mode: 'shadow', url: null });
  });

  it('a plant has the API key when its reference has a value', () => {
    const { key } = load({ L2L_API_KEY: 'key-0815' });
    expect(key.value?.reveal()).toBe('key-0815');
    expect(JSON.stringify(key)).not.toContain('key-0815');
  });

  it('a missing key file is no problem for a plant', () => {
    const text = CONFIG.replace(`\${L2L_API_KEY}`, `\${file:/run/secrets/key}`);
    expect(load({}, text).key).toEqual({ written: `\${file:/run/secrets/key}`, value: null });
  });

  it('a plant never shows a key that stands in the config', () => {
    const { key } = load({}, CONFIG.replace(`\${L2L_API_KEY}`, 'key-in-plain-text'));
    expect(key).toEqual({ written: `\${L2L_API_KEY}`, value: null });
  });

  it.each([
    ['a mistake in a rule', CONFIG.replace('press1.running, on', 'press1.runing, on'), 'press1.runing'],
    ['a rule that can not be read', CONFIG.replace('on_delay: 1m, dispatch', 'on_dely: 1m, dispatch'), 'on_dely'],
    ['a site that is none', CONFIG.replace('site: 47', 'site: north'), 'site'],
    ['a source that can not be read', CONFIG.replace('as: bool, script', 'as: boole, script'), 'bool'],
    ['a missing lookup', CONFIG.replace('file: recipes.csv', 'file: recipies.csv'), 'recipies.csv'],
    ['broken YAML', CONFIG.replace('rules:', 'rules: ['), ''],
  ])('a plant with %s is refused with the error that check gives', (_what, text, words) => {
    try {
      load({}, text);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      const said = (error as ConfigError).problems.map(({ message }) => message).join('\n');
      expect(said).toContain(words);
      expect(said).not.toContain('L2L_API_KEY');
      return;
    }
    expect.fail('it was taken');
  });
});
