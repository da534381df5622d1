import type { MqttSource } from './schema.ts';

/** Where the broker of a source listens. */
export function brokerOf({ url: text }: Pick<MqttSource, 'url'>): {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
} {
  const url = new URL(text);
  const secure = url.protocol === 'mqtts:';
  return {
    // A URL has brackets around an IPv6 address, and a socket address has none.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 8883 : 1883) : Number(url.port),
    secure,
  };
}
