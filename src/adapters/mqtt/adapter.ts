import type { Adapter, AdapterOptions } from '../adapter.ts';
import { clientOptions } from './client-options.ts';
import { openConnection } from './connection.ts';
import { createLife } from './life.ts';
import type { MqttSource } from './schema.ts';
import { createSourceMemory } from './source-memory.ts';

/** Reads signals from a broker. One message is one batch. It is acknowledged after its effects are committed [P1]. */
export function mqttAdapter(options: AdapterOptions<MqttSource>): Adapter {
  const { config, clock } = options;
  const memory = createSourceMemory(options);

  return {
    async run(sink, signal) {
      if (signal.aborted) return;
      const clientSettings = await clientOptions(config);
      if (signal.aborted) return;
      using life = createLife(memory, sink, asked => connection.askRetained(asked));
      const connection = openConnection(config.url, clientSettings, config.receive_maximum, clock, life);
      signal.addEventListener('abort', connection.stop, { once: true });
      try {
        await connection.ended;
      } finally {
        signal.removeEventListener('abort', connection.stop);
      }
    },
  };
}
