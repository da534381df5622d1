import type { Clock } from '../core/clock.ts';
import type { MachineOptions, Span } from './machine.ts';
import type { SandboxWorld } from './sandbox/world.ts';

export const PROTOCOLS = ['opcua', 'modbus', 'mqtt'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Dispatch type that stands for a stop. */
export const DEMO_TYPE = 'DOWN';
/** How long a machine stands before its rule opens a dispatch (ms). */
export const DEMO_DELAY = 1000;
export const DEMO_SITE = 43;
export const DEMO_ZONE = 'America/Denver';

export type Station = {
  readonly protocol: Protocol;
  readonly name: string;
  readonly machine: string;
  readonly line: string | null;
  readonly cycle: number;
  readonly counter: 'uint16' | 'uint32';
};

/** Every machine of the demo: two behind each PLC; the first one of each makes its line's parts. */
export const STATIONS: readonly Station[] = [
  { protocol: 'opcua', name: 'press1', machine: 'PRESS-01', line: 'LINE-1', cycle: 700, counter: 'uint32' },
  { protocol: 'opcua', name: 'press2', machine: 'PRESS-02', line: null, cycle: 900, counter: 'uint16' },
  { protocol: 'modbus', name: 'weld1', machine: 'WELD-01', line: 'LINE-2', cycle: 800, counter: 'uint32' },
  { protocol: 'modbus', name: 'weld2', machine: 'WELD-02', line: null, cycle: 1100, counter: 'uint16' },
  { protocol: 'mqtt', name: 'robot1', machine: 'ROBOT-01', line: 'LINE-3', cycle: 600, counter: 'uint32' },
  { protocol: 'mqtt', name: 'robot2', machine: 'ROBOT-02', line: null, cycle: 1000, counter: 'uint16' },
];

/** Recipe numbers and what they make; the PLCs change recipe during stops. */
const RECIPES: Readonly<Record<string, readonly (readonly [number, string])[]>> = {
  'LINE-1': [
    [11, 'P-110'],
    [12, 'P-120'],
  ],
  'LINE-2': [
    [21, 'P-210'],
    [22, 'P-220'],
  ],
  'LINE-3': [[31, 'P-310']],
};

/** Long enough to be seen, as a rule also by a gateway that is killed and started again in between. */
const RUNS: Span = { least: 7000, most: 11_000 };
const STOPS: Span = { least: 5000, most: 8000 };
const REGISTER_END = { uint16: 2 ** 16, uint32: 2 ** 32 } as const;

/** The machines behind one PLC of the demo: the same seed gives the same events. */
export function demoMachines(protocol: Protocol, seed: number, clock: Clock): readonly MachineOptions[] {
  return STATIONS.flatMap((station, index) => {
    if (station.protocol !== protocol) return [];
    const { name, machine, line, cycle, counter } = station;
    return {
      name,
      machine,
      line,
      cycle,
      counter,
      clock,
      seed: seed * 1000 + index,
      runs: RUNS,
      stops: STOPS,
      // A dozen strokes before its end, so that every run shows a rollover.
      strokesAtStart: REGISTER_END[counter] - 12 - index,
      scrapShare: line === null ? 0 : 0.1,
      recipes: (RECIPES[line ?? ''] ?? [[1, '']]).map(([recipe]) => recipe),
    };
  });
}

/** What each recipe makes. */
export function demoProducts(): ReadonlyMap<number, string> {
  return new Map(Object.values(RECIPES).flat());
}

/** The recipes as the CSV file of a lookup. */
export function recipesCsv(): string {
  return `${['recipe,product', ...[...demoProducts()].map(row => row.join())].join('\n')}\n`;
}

export function demoWorld(): SandboxWorld {
  const lines = [...new Set(STATIONS.map(({ protocol }) => protocol))].map((protocol, index) => ({
    code: `LINE-${index + 1}`,
    machines: STATIONS.filter(station => station.protocol === protocol).map(({ machine }, at) => ({
      code: machine,
      cyclecount: 1000 * (2 * index + at + 1),
    })),
  }));
  return {
    sites: [
      {
        site: DEMO_SITE,
        description: 'Demo plant',
        timezone: DEMO_ZONE,
        lines,
        dispatchtypes: [{ code: DEMO_TYPE, impact: 0 }],
        trades: [{ code: 'MAINT', default: true }],
        products: [...demoProducts().values()],
        users: ['gateway'],
      },
    ],
  };
}
