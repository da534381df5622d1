import { formatDuration } from '../../core/fields.ts';

/** The facts that show whether a catch-up missed messages. Durations are in ms. */
export type CatchUpFacts = {
  /** Messages that came from the queue. */
  readonly queued: number;
  /** How many messages the broker keeps for an absent client; undefined: the config does not say. */
  readonly queueLimit: number | undefined;
  /** How long the gateway was away; null: not known. */
  readonly away: number | null;
  readonly maxOffline: number;
  /** Another client had our session. */
  readonly takenOver: boolean;
};

/** Why the broker may have dropped messages, and how to prevent that, in words. */
export type Loss = { readonly reason: string; readonly mend: string };

/** Undefined: no fact shows that a message was lost [M4]. Pure. */
export function lossOf({ queued, queueLimit, away, maxOffline, takenOver }: CatchUpFacts): Loss | undefined {
  if (takenOver)
    return {
      reason: 'another client had the same client_id, and the messages that it took do not come to the gateway',
      mend: 'give each client a client_id of its own',
    };
  if (queueLimit !== undefined && queued >= queueLimit)
    return {
      reason: `the broker's queue was full: ${queued} messages came, it keeps ${queueLimit}`,
      mend: 'raise the queue of the broker (mosquitto: max_queued_messages), then queue_limit here',
    };
  if (away !== null && away > maxOffline)
    return {
      reason: `the gateway was away for ${formatDuration(Math.round(away / 1000) * 1000)}, longer than max_offline (${formatDuration(maxOffline)})`,
      mend: 'raise max_offline if the broker keeps everything for that long (mosquitto: max_queued_messages, persistent_client_expiration)',
    };
  return undefined;
}

/** Whether this number of messages looks like a full queue of a usual size: 100, 500, 1000, 5000, 10000 and so on. */
export function looksFull(queued: number): boolean {
  return /^[15]00+$/.test(String(queued));
}

/**
 * Since when the gateway was away, and how many messages from that time came. An interrupted catch-up goes on with the next connection,
 * because acknowledged messages do not come again.
 */
export interface Absence {
  /** When the gateway was last connected with an empty queue (ms since 1970); null: not known. */
  readonly since: number | null;
  readonly queued: number;
  /** Another client has used our client_id since then. Messages that it acknowledged do not come to the gateway. */
  readonly takenOver: boolean;
  opened(sessionPresent: boolean): void;
  /** A message of the queue came. The returned function marks it as acknowledged. */
  came(): () => void;
  /** The queue is read. */
  caughtUp(): void;
  /** The broker reported that another client has taken our session. */
  lostSession(): void;
  left(at: number): void;
}

/** `before`: since when an earlier process was away, and how many messages of the queue it had acknowledged. */
export function createAbsence(before: Pick<Absence, 'since' | 'queued'>): Absence {
  let state: 'away' | 'catching_up' | 'present' = 'away';
  let { since, queued } = before;
  let acknowledged = queued;
  let takenOver = false;

  function caughtUp(): void {
    state = 'present';
    acknowledged = 0;
    takenOver = false;
  }

  return {
    get since() {
      return since;
    },
    get queued() {
      return queued;
    },
    get takenOver() {
      return takenOver;
    },
    opened(sessionPresent) {
      if (!sessionPresent) caughtUp();
      else state = 'catching_up';
      queued = acknowledged;
    },
    came() {
      queued += 1;
      return () => {
        if (state === 'catching_up') acknowledged += 1;
      };
    },
    caughtUp,
    lostSession() {
      takenOver = true;
    },
    left(at) {
      if (state === 'present') since = at;
      state = 'away';
    },
  };
}
