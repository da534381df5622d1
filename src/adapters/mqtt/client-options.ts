import { readFile } from 'node:fs/promises';
import type { IClientOptions } from 'mqtt';
import { errorMessage } from '../../core/errors.ts';
import { brokerOf } from './broker.ts';
import type { MqttSource } from './schema.ts';

async function pem(file: string, key: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`tls.${key} can't be read: ${errorMessage(error)}; check the path and the file's permissions`);
  }
}

/** The options of MQTT.js for a source. The certificate files are read each time, so that renewed ones are used. */
export async function clientOptions(config: MqttSource): Promise<IClientOptions> {
  const { host, port, secure } = brokerOf(config);
  const { ca, cert, key, servername } = config.tls ?? {};
  return {
    protocol: secure ? 'mqtts' : 'mqtt',
    host,
    port,
    clientId: config.client_id,
    clean: false,
    keepalive: Math.round(config.keepalive / 1000),
    // The supervisor does the reconnects, so MQTT.js must not.
    reconnectPeriod: 0,
    resubscribe: false,
    manualConnect: true,
    ...(config.version === 5
      ? {
          protocolVersion: 5,
          properties: {
            sessionExpiryInterval: Math.ceil(config.session_expiry / 1000),
            receiveMaximum: config.receive_maximum,
          },
        }
      : { protocolVersion: 4 }),
    ...(config.login && { username: config.login.user, password: config.login.password.reveal() }),
    ...(servername !== undefined && { servername }),
    ...(ca !== undefined && { ca: await pem(ca, 'ca') }),
    ...(cert !== undefined && { cert: await pem(cert, 'cert') }),
    ...(key !== undefined && { key: await pem(key, 'key') }),
  };
}
