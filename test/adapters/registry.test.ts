import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { adapters, createAdapter, signalsOf } from '../../src/adapters/registry.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';

describe('adapter registry', () => {
  it('the registry lists every folder of adapters/, and nothing else', async () => {
    const entries = await readdir(new URL('../../src/adapters/', import.meta.url), { withFileTypes: true });
    const folders = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);

    expect(adapters.map(definition => definition.protocol).toSorted()).toEqual(folders.toSorted());
  });

  it.each(adapters)('the registry loads $protocol', async definition => {
    expect(await definition.load()).toBeTypeOf('function');
  });

  it('the registry makes an adapter, and knows its signals, from a source of the config', async () => {
    const [simulated] = adapters.filter(definition => definition.protocol === 'simulated');
    const config = simulated?.schema.parse({
      protocol: 'simulated',
      signals: { 'press1.running': { as: 'bool', script: [{ for: '1s', value: true }] } },
    });
    if (!config) throw new Error('simulated is not registered');

    expect(signalsOf('sim', config).map(({ name, source }) => [name, source])).toEqual([['press1.running', 'sim']]);
    const adapter = await createAdapter({ name: 'sim', config, clock: systemClock(), log: silentLogger });
    expect(adapter.run).toBeTypeOf('function');
  });
});
