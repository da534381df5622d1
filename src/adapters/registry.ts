import type { z } from 'zod';
import type { SignalDefinition } from '../core/sample.ts';
import type { Adapter, AdapterDefinition, AdapterOptions } from './adapter.ts';
import { modbus } from './modbus/definition.ts';
import { mqtt } from './mqtt/definition.ts';
import { opcua } from './opcua/definition.ts';
import { simulated } from './simulated/definition.ts';

/** All protocols. Each is one folder and one line here; schema, docs, editor completion and CLI follow by themselves. */
export const adapters = [opcua, modbus, mqtt, simulated] as const;

/** A source of any protocol, as the config declares it. */
export type SourceConfig = z.output<(typeof adapters)[number]['schema']>;

/** The definition of a source's protocol. Throws for an unknown protocol, which the config's schema has refused before. */
export function adapterDefinition(protocol: string): AdapterDefinition<SourceConfig> {
  const found = adapters.find(definition => definition.protocol === protocol);
  if (!found) throw new Error(`no adapter for protocol ${protocol}; there are ${protocols().join(', ')}`);
  // A definition gets only configs of its own protocol, because it was found by the protocol.
  return found as unknown as AdapterDefinition<SourceConfig>;
}

export function protocols(): readonly string[] {
  return adapters.map(definition => definition.protocol);
}

/** The signals that a source declares, in the order written. */
export function signalsOf(name: string, config: SourceConfig): readonly SignalDefinition[] {
  return adapterDefinition(config.protocol).signals(name, config);
}

/** Loads the protocol's code and makes the adapter. Does no IO toward the source. */
export async function createAdapter(options: AdapterOptions<SourceConfig>): Promise<Adapter> {
  const create = await adapterDefinition(options.config.protocol).load();
  return create(options);
}
