import { connectAsync } from 'mqtt';
import { Secret } from '../../../src/core/secret.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { type AdapterFixture, describeAdapterContract } from '../contract.ts';
import { adapterFor, source } from './support.ts';

const PASSWORD = 'brake-fluid-71';

for (const version of [5, '3.1.1'] as const) {
  describeAdapterContract(`mqtt ${version}`, async (): Promise<AdapterFixture> => {
    const broker = await startMosquitto();
    let shown = 1;
    const set = async (value: number) => {
      shown = value;
      const device = await connectAsync(broker.url, { reconnectPeriod: 0 });
      await device.publishAsync('press1/strokes', String(value), { qos: 1, retain: true });
      await device.endAsync();
    };
    await set(1);
    return {
      create: (client_id = 'gateway') =>
        adapterFor(
          source(
            broker.url,
            { 'press1.strokes': { topic: 'press1/strokes', as: 'integer' } },
            { version, client_id, login: { user: 'gateway', password: new Secret(PASSWORD) } },
          ),
        ),
      signal: 'press1.strokes',
      set,
      kill: broker.kill,
      async restart() {
        await broker.start();
        await set(shown);
      },
      secret: PASSWORD,
      close: broker.close,
    };
  });
}
