import type { Adapter } from '../../../src/adapters/adapter.ts';
import { modbusAdapter } from '../../../src/adapters/modbus/adapter.ts';
import { ModbusSource } from '../../../src/adapters/modbus/schema.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { errorMessage } from '../../../src/core/errors.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { recordingSink } from '../recording-sink.ts';

/** A source as it would stand in YAML, with the keys that all tests share. */
export function source(port: number, signals: object, more: object = {}): ModbusSource {
  return ModbusSource.parse({
    protocol: 'modbus',
    host: '127.0.0.1',
    port,
    first_register: 1,
    poll: '50ms',
    // So long that a slow answer of a busy host is not taken for a missing one. A test about silence sets its own time.
    timeout: '30s',
    signals,
    ...more,
  });
}

export function adapterFor(config: ModbusSource): Adapter {
  return modbusAdapter({ name: 'plc', config, clock: systemClock(), log: recordingLogger() });
}

/** One life of the adapter; disposing ends it. */
export function runLife(config: ModbusSource) {
  const log = recordingLogger();
  const sink = recordingSink();
  const abort = new AbortController();
  const adapter = modbusAdapter({ name: 'plc', config, clock: systemClock(), log });
  const ended = adapter.run(sink, abort.signal).then(
    () => 'resolved' as const,
    (error: unknown) => errorMessage(error),
  );
  return {
    sink,
    log,
    ended,
    async [Symbol.asyncDispose]() {
      abort.abort();
      await ended;
    },
  };
}
