import { opcuaAdapter } from '../../../src/adapters/opcua/adapter.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { startOpcuaServer } from '../../support/opcua.ts';
import { reservedPort } from '../../support/port.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { describeAdapterContract } from '../contract.ts';
import { source } from './support.ts';

const SECRET = 'right-and-secret';

describeAdapterContract('opcua', async () => {
  let shown = 1;
  const node = () => ({ id: 's="Press1"."Strokes"', type: 'UInt32', value: shown }) as const;
  const port = await reservedPort();
  const start = () => startOpcuaServer({ port, nodes: [node()], users: { gateway: SECRET } });
  let server = await start();
  const { endpoint } = server;
  const config = source(
    endpoint,
    { 'press1.strokes': { node: node().id, as: 'uint32' } },
    { login: { user: 'gateway', password: new Secret(SECRET) } },
  );
  return {
    create: () => opcuaAdapter({ name: 'plc', config, clock: systemClock(), log: recordingLogger() }),
    signal: 'press1.strokes',
    secret: SECRET,
    async set(value) {
      shown = value;
      await server.set(node());
    },
    kill: () => server.kill(),
    async restart() {
      server = await start();
    },
    close: () => server.kill(),
  };
});
