/**
 * The lower limit for acknowledging: an MQTT client that commits nothing and lets the library acknowledge each message at once. Prints
 * `done` at the last message of a run. Arguments: broker URL, first part of the topics.
 */
import mqtt from 'mqtt';

const [broker = '', prefix = ''] = process.argv.slice(2);
const client = mqtt.connect(broker, {
  clientId: 'bench-consumer',
  clean: true,
  protocolVersion: 5,
  properties: { receiveMaximum: 1000 },
});
let run = 0;

client.on('message', topic => {
  if (!topic.startsWith(`${prefix}/end/`)) return;
  run += 1;
  console.log(`done ${run} ${Number(process.hrtime.bigint()) / 1e6}`);
});
await client.subscribeAsync(`${prefix}/#`, { qos: 1 });
console.log('ready');
process.stdin.once('end', () => process.exit(0)).resume();
process.once('SIGTERM', () => process.exit(0));
