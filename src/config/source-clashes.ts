import { adapterDefinition, type SourceConfig, signalsOf } from '../adapters/registry.ts';

type Sources = Readonly<Record<string, SourceConfig>>;

/** Two things of which a gateway can have only one. Both paths begin where the checking schema begins. */
export type Clash = {
  readonly path: readonly string[];
  readonly other: readonly string[];
  readonly message: string;
};

/** Signals with the same name, and sources that use the same thing outside of the gateway. */
export function clashesOf(sources: Sources): readonly Clash[] {
  return [...namedTwice(sources), ...claimedTwice(sources, 'error')];
}

/** Signals with a name that a rule gives by itself. The paths begin at the top of the file. */
export function signalsNamedAsRules(sources: Sources, rules: readonly string[]): readonly Clash[] {
  const active = new Map(rules.map(rule => [`${rule}.active`, rule]));
  return Object.entries(sources).flatMap(([source, config]) =>
    Object.keys(config.signals).flatMap(name => {
      const rule = active.get(name);
      if (rule === undefined) return [];
      const message = `rule ${rule} gives a signal of this name by itself; write another name`;
      return [{ path: ['sources', source, 'signals', name], other: ['rules', rule], message }];
    }),
  );
}

/** Sources that share something they may share, which is rarely meant. */
export function sharedBySources(sources: Sources): readonly Clash[] {
  return claimedTwice(sources, 'warning');
}

function namedTwice(sources: Sources): Clash[] {
  const owners = new Map<string, string>();
  const found: Clash[] = [];
  for (const [source, config] of Object.entries(sources)) {
    for (const { name } of signalsOf(source, config)) {
      const path = [source, 'signals', name];
      const owner = owners.get(name);
      owners.set(name, owner ?? source);
      if (owner !== undefined) {
        const message = `source ${owner} has a signal of this name; every signal of a gateway has a name of its own`;
        found.push({ path, other: [owner, 'signals', name], message });
      }
      const connected = /^(.+)\.connected$/.exec(name)?.[1];
      if (connected !== undefined && Object.hasOwn(sources, connected)) {
        const message = `source ${connected} gives a signal of this name by itself; write another name`;
        found.push({ path, other: [connected], message });
      }
    }
  }
  return found;
}

function claimedTwice(sources: Sources, fault: 'error' | 'warning'): Clash[] {
  const owners = new Map<string, { readonly source: string; readonly other: readonly string[] }>();
  const found = new Map<string, Clash>();
  for (const [source, config] of Object.entries(sources)) {
    for (const claim of adapterDefinition(config.protocol).claims?.(config) ?? []) {
      if (claim.fault !== fault) continue;
      const path = [source, ...claim.path];
      const owner = owners.get(claim.identity);
      if (owner === undefined) owners.set(claim.identity, { source, other: path });
      // Two sources that share several things say it once.
      else if (owner.source !== source) {
        const pair = JSON.stringify([path, owner.other]);
        if (!found.has(pair)) found.set(pair, { path, other: owner.other, message: claim.words(owner.source) });
      }
    }
  }
  return [...found.values()];
}
