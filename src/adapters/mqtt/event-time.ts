import type { Logger } from '../../core/logger.ts';
import { believed } from './payload-time.ts';
import type { Reading } from './reader.ts';
import type { MqttSource } from './schema.ts';

/** The facts that decide whether a message's own time is used. */
export type Arrival = {
  readonly topic: string;
  readonly receivedAt: number;
  /** The broker may have kept the message. */
  readonly queued: boolean;
  /** When the last message that was not queued was committed (ms since 1970); undefined: there was none yet. */
  readonly lastCommit: number | undefined;
};

/** The own times of messages. */
export interface EventTimes {
  /** The message's own time (ms since 1970); undefined: it has none, or its time is not used. */
  of(time: Reading['time'], arrival: Arrival): number | undefined;
}

/** Logs when the times of a source's messages can't be used, and when they can be used again. */
export function createEventTimes(config: MqttSource, log: Logger): EventTimes {
  const { max_skew: maxSkew, session_expiry: sessionExpiry } = config;
  let trouble = '';

  function noteTrouble(now: string, fields: object): void {
    if (now === trouble) return;
    trouble = now;
    if (trouble === '') log.info(fields, 'message times are used again');
    else log.warn({ ...fields, trouble }, 'the time in the message is not used; the time of receipt is used');
  }

  return {
    of(time, { topic, receivedAt, queued, lastCommit }) {
      if (time === undefined) return undefined;
      if ('problem' in time) {
        noteTrouble('unreadable', { topic, detail: time.problem });
        return undefined;
      }
      const { from, to } = believed({ receivedAt, maxSkew, queued, lastCommit, sessionExpiry });
      if (time.at < from || time.at > to) {
        noteTrouble('beyond max_skew', { topic, offset: Math.round(time.at - receivedAt) });
        return undefined;
      }
      noteTrouble('', { topic });
      return time.at;
    },
  };
}
