/**
 * The lower limit of the edge bench: the same messages and the same requests without journal, order or rules. It is an MQTT client that
 * posts a form for each edge. Arguments: broker URL, L2L URL, first part of the topics.
 */
import mqtt from 'mqtt';
import { Pool } from 'undici';

const [broker = '', target = '', prefix = ''] = process.argv.slice(2);
const pool = new Pool(target, { connections: 64, pipelining: 1 });
const last = new Map<string, string>();
const client = mqtt.connect(broker, {
  clientId: 'bench-forwarder',
  clean: true,
  protocolVersion: 5,
  properties: { receiveMaximum: 1000 },
});

client.on('message', (topic, payload) => {
  const value = payload.toString();
  if (last.get(topic) === value) return;
  last.set(topic, value);
  const machine = topic.split('/')[1] ?? '';
  const body = new URLSearchParams({ site: '43', code: machine, cyclecount: '1' }).toString();
  pool
    .request({
      method: 'POST',
      path: '/api/1.0/machines/increment_cycle_count/',
      headers: { l2lauth: process.env['L2L_API_KEY'] ?? '', 'content-type': 'application/x-www-form-urlencoded' },
      body,
    })
    .then(answer => answer.body.dump())
    .catch(error => console.error(String(error)));
});
await client.subscribeAsync(`${prefix}/#`, { qos: 1 });
console.log('ready');
process.stdin.once('end', () => process.exit(0)).resume();
process.once('SIGTERM', () => process.exit(0));
