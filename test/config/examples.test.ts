import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { summary } from '../../src/config/summary.ts';

const CONFIG = join(import.meta.dirname, '../../config');
const files = globSync('**/*.yaml', { cwd: CONFIG }).toSorted();

/** The environment that the head of the file describes. */
function documented(text: string): Record<string, string> {
  const head = text.split(/^gateway:/m, 1)[0] ?? '';
  const names = [...head.matchAll(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g)].map(([name]) => name);
  return Object.fromEntries(names.map(name => [name, name.endsWith('_URL') ? 'redis://redis:6379' : 'for-the-test']));
}

function load(file: string) {
  const path = join(CONFIG, file);
  return loadConfig(path, documented(readFileSync(path, 'utf8')), name => readFileSync(name));
}

describe('config/', () => {
  it('config/ has the file that `npm start` runs, and the examples', () => {
    expect(files).toEqual([
      'examples/container.yaml',
      'examples/modbus.yaml',
      'examples/mqtt.yaml',
      'examples/opcua.yaml',
      'examples/production.yaml',
      'gateway.yaml',
    ]);
  });

  describe.each(files)('%s', file => {
    const text = readFileSync(join(CONFIG, file), 'utf8');

    it('the example is valid with the environment that its head names, and sends nothing', () => {
      expect(load(file).config.gateway.mode).toBe('shadow');
    });

    it('the example has no warning', () => {
      expect(load(file).warnings).toEqual([]);
    });

    it('the example uses every signal that it declares', () => {
      expect(summary(load(file))).not.toContain('read by no rule');
    });

    it('the example names the schema for editors', () => {
      const path = '../'.repeat(file.split('/').length - 1) || './';

      expect(text.split('\n')[0]).toBe(`# yaml-language-server: $schema=${path}gateway.schema.json`);
    });

    it('the example names only addresses that belong to nobody', () => {
      const addresses = text.match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [];

      expect(addresses.filter(address => !/^(192\.0\.2\.|127\.0\.0\.|0\.0\.0\.0$)/.test(address))).toEqual([]);
    });
  });

  it('gateway.yaml shows all three protocols and all four kinds of rule', () => {
    const { config, program } = load('gateway.yaml');

    expect(Object.values(config.sources).map(({ protocol }) => protocol)).toEqual(['opcua', 'modbus', 'mqtt']);
    expect(new Set(program.rules.map(({ kind }) => kind))).toEqual(
      new Set(['dispatch', 'close', 'cycles', 'production']),
    );
  });
});
