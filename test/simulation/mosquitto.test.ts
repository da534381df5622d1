import { connectAsync } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { startMosquitto } from '../../src/simulation/mosquitto.ts';

describe('demo broker', () => {
  it('the test broker serves until it is stopped', async () => {
    const broker = await startMosquitto();
    const client = await connectAsync(broker.url, { reconnectPeriod: 0 });
    await client.endAsync();
    await broker.stop();
    await expect(connectAsync(broker.url, { reconnectPeriod: 0 }, false)).rejects.toThrow();
  });

  it('the error without a mosquitto names the package to install', async () => {
    await expect(startMosquitto('no-such-broker')).rejects.toThrow(
      'no-such-broker was not found; the demo needs it as its MQTT broker. An administrator has to run: apt install mosquitto',
    );
  });
});
