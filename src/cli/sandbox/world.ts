import type { Plant } from '../../config/load-plant.ts';
import { type SandboxWorld, SMALL_WORLD } from '../../simulation/sandbox/world.ts';

/** Where a config names no line: a machine has to be on one. */
const SOME_LINE = 'LINE-1';

/** An L2L that has all that the config names. The config does not say on which line a machine is: all are on the first one. */
export function worldOf(plant: Plant): SandboxWorld {
  const lines = plant.lines.length > 0 ? plant.lines : [SOME_LINE];
  const found = (line: string) => plant.products[0] ?? `${line}-PRODUCT`;
  const autodetect = new Map(plant.autodetect.map(line => [line, found(line)]));
  return {
    sites: [
      {
        site: plant.site,
        description: 'Sandbox plant',
        timezone: plant.timezone,
        lines: lines.map((code, index) => {
          const product = autodetect.get(code);
          const machines = index === 0 ? plant.machines.map(machine => ({ code: machine })) : [];
          return { code, machines, ...(product !== undefined && { product }) };
        }),
        // A machine that is down is an impact of 0 in L2L, which changes nothing in the sandbox.
        dispatchtypes: plant.types.map(code => ({ code })),
        trades: plant.trades.map(code => ({ code })),
        reasons: plant.reasons,
        products: [...new Set([...plant.products, ...autodetect.values()])],
        users: [...new Set([plant.user, ...(plant.realUser === null ? [] : [plant.realUser])])],
      },
    ],
  };
}

const PLAIN_TYPES = new Set(['DOWN', 'QUALITY']);

/** A small plant for who has no config yet. */
export const DEFAULT_WORLD: SandboxWorld = {
  sites: SMALL_WORLD.sites.map(site => ({
    ...site,
    dispatchtypes: site.dispatchtypes.filter(({ code }) => PLAIN_TYPES.has(code)),
    users: ['gateway'],
  })),
};
