import { defineAdapter } from '../adapter.ts';
import { sharedDefinition } from '../signal-fields.ts';
import { SimulatedSource } from './schema.ts';

export const simulated = defineAdapter<SimulatedSource>({
  protocol: 'simulated',
  schema: SimulatedSource,
  signals: (source, config) =>
    Object.entries(config.signals).map(([name, signal]) => ({
      name,
      source,
      type: signal.as === 'bool' || signal.as === 'string' ? signal.as : 'number',
      fingerprint: JSON.stringify(['simulated', signal.as, signal.script ?? null, signal.count ?? null]),
      restorable: false,
      ...sharedDefinition(signal, signal.as),
    })),
  load: async () => (await import('./adapter.ts')).simulatedAdapter,
});
