import type { ErrorWithSubackPacket, MqttClient } from 'mqtt';
import type { RefusedTopic } from './connection.ts';
import { refusal } from './refusals.ts';

/** Topics per SUBSCRIBE packet. */
const AT_ONCE = 200;

/** Retain handling of MQTT 5: whether a topic that was subscribed before sends its retained messages again. MQTT 3.1.1: it always does. */
const RETAINED = { always: 0, 'when new': 1 } as const;

/** Resolves to the filters that the broker refused. */
export async function subscribe(
  client: MqttClient,
  filters: readonly string[],
  retained: keyof typeof RETAINED,
): Promise<readonly RefusedTopic[]> {
  const refused: RefusedTopic[] = [];
  for (let start = 0; start < filters.length; start += AT_ONCE) {
    const chunk = filters.slice(start, start + AT_ONCE);
    const codes = await client.subscribeAsync(chunk, { qos: 1, rh: RETAINED[retained] }).then(
      granted => granted.map(grant => grant.qos as number),
      (error: ErrorWithSubackPacket | Error) => {
        if ('packet' in error && error.packet) return error.packet.granted as number[];
        throw error;
      },
    );
    for (const [index, filter] of chunk.entries()) {
      const code = codes[index] ?? 128;
      if (code >= 128) refused.push({ filter, reason: refusal(code) });
      else if (code < 1) refused.push({ filter, reason: 'it delivers only without acknowledgement (QoS 0)' });
    }
  }
  return refused;
}
