import { describe, expect, it } from 'vitest';
import { demoConfig } from '../../src/cli/demo/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/core/clock.ts';
import { demoMachines, demoWorld, PROTOCOLS, recipesCsv, STATIONS } from '../../src/simulation/demo-plant.ts';

const endpoints = { opcua: 'opc.tcp://127.0.0.1:4840', modbus: '127.0.0.1:5020', mqtt: 'mqtt://127.0.0.1:1883' };

function loaded() {
  const files: Record<string, string> = {
    'gateway.yaml': demoConfig({ http: '127.0.0.1:8080', l2l: 'http://127.0.0.1:8099', data: '/nowhere', endpoints }),
    'recipes.csv': recipesCsv(),
  };
  return loadConfig('gateway.yaml', { L2L_API_KEY: 'key' }, path => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return new TextEncoder().encode(files[name] ?? '');
  });
}

describe('demo config', () => {
  it('the config of the demo is valid and in live mode', () => {
    expect(loaded().config.gateway.mode).toBe('live');
  });

  it('the config of the demo has a rule for the stops, the cycles and the parts of every machine', () => {
    const names = loaded().program.rules.map(({ name }) => name);
    const expected = STATIONS.flatMap(({ name, line }) => [
      `${name}_down`,
      `${name}_cycles`,
      ...(line === null ? [] : [`${name}_parts`]),
    ]);
    expect(names.toSorted()).toEqual(expected.toSorted());
  });

  it('the config of the demo names only what the sandbox has', () => {
    const [site] = demoWorld().sites;
    const machines = new Set(site?.lines.flatMap(line => line.machines.map(({ code }) => code)));
    const lines = new Set(site?.lines.map(({ code }) => code));
    for (const { machine, line } of STATIONS) {
      expect(machines).toContain(machine);
      if (line !== null) expect(lines).toContain(line);
    }
  });

  it('the config of the demo knows a product for every recipe of a line, and a counter as wide as its register', () => {
    const recipes = new Set(
      recipesCsv()
        .split('\n')
        .map(row => row.split(',')[0]),
    );
    const { signals } = loaded().program;
    for (const machine of PROTOCOLS.flatMap(protocol => demoMachines(protocol, 1, systemClock()))) {
      if (machine.line !== null) for (const recipe of machine.recipes) expect(recipes).toContain(String(recipe));
      const highest = machine.counter === 'uint16' ? 65_535 : 4_294_967_295;
      expect(signals.get(`${machine.name}.strokes`)?.counter?.wrapsAt).toBe(highest);
      expect(highest - machine.strokesAtStart).toBeLessThan(20);
    }
  });
});
