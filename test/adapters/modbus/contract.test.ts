import { reservedPort } from '../../support/port.ts';
import { startPymodbus } from '../../support/pymodbus.ts';
import { describeAdapterContract } from '../contract.ts';
import { adapterFor, source } from './support.ts';

describeAdapterContract('modbus', async () => {
  let shown = 1;
  const port = await reservedPort();
  const start = () => startPymodbus({ 7: { holding: { 30: [shown] } } }, port);
  let server = await start();
  const config = source(port, { 'press1.strokes': { unit: 7, holding: 31, as: 'uint16' } });
  return {
    create: () => adapterFor(config),
    signal: 'press1.strokes',
    async set(value) {
      shown = value;
      await server.set(7, 'holding', 30, [value]);
    },
    kill: () => server.kill(),
    async restart() {
      server = await start();
    },
    close: () => server.kill(),
  };
});
