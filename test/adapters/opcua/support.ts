import { opcuaAdapter } from '../../../src/adapters/opcua/adapter.ts';
import { OpcuaSource } from '../../../src/adapters/opcua/schema.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { errorMessage } from '../../../src/core/errors.ts';
import { TEST_NAMESPACE } from '../../support/opcua.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { recordingSink } from '../recording-sink.ts';

/** A source as it would stand in YAML, with the keys that all tests share. */
export function source(endpoint: string, signals: object, more: object = {}): OpcuaSource {
  return OpcuaSource.parse({
    protocol: 'opcua',
    endpoint,
    namespace: TEST_NAMESPACE,
    sampling: '50ms',
    publishing: '50ms',
    signals,
    ...more,
  });
}

/** One life of the adapter; disposing ends it. */
export function runLife(config: OpcuaSource, clock: Clock = systemClock()) {
  const log = recordingLogger();
  const sink = recordingSink();
  const abort = new AbortController();
  const ended = opcuaAdapter({ name: 'plc', config, clock, log })
    .run(sink, abort.signal)
    .then(
      () => 'resolved' as const,
      (error: unknown) => errorMessage(error),
    );
  return {
    sink,
    log,
    ended,
    async stop() {
      abort.abort();
      return ended;
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await ended;
    },
  };
}
