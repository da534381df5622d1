import type { FaultInput } from './faults.ts';

/** A way in which an L2L fails that a person may want to see, under a name that is easy to type. */
export type NamedFault = {
  readonly name: string;
  /** What L2L does, with L2L as the subject left out. */
  readonly words: string;
  readonly fault: FaultInput;
};

/** How long the sandbox is away where nobody says how long (ms). */
export const AWAY_FOR = 30_000;

export const NAMED_FAULTS: readonly NamedFault[] = [
  { name: 'slow', words: 'answers each call 3 seconds later', fault: { kind: 'slow', ms: 3000 } },
  { name: 'down', words: 'breaks each connection and does nothing', fault: { kind: 'reset', when: 'before' } },
  {
    name: 'away',
    words: 'does not listen, for 30 seconds from the start; its page is away too',
    fault: { kind: 'away', ms: AWAY_FOR },
  },
  {
    name: 'lost-answers',
    words: 'does what it is asked and breaks half of the connections before the answer',
    fault: { kind: 'reset', when: 'after', method: 'POST', probability: 0.5 },
  },
  {
    name: 'late',
    words: 'does each second write 90 seconds later, when the gateway waits no longer',
    fault: { kind: 'hang', ms: 90_000, method: 'POST', probability: 0.5 },
  },
  {
    name: 'server-errors',
    words: 'answers half of the calls with HTTP 500 and does nothing',
    fault: { kind: 'status', status: 500, when: 'before', probability: 0.5 },
  },
  {
    name: 'bad-gateway',
    words: 'does what it is asked and answers half of the writes with HTTP 502',
    fault: { kind: 'status', status: 502, when: 'after', method: 'POST', probability: 0.5 },
  },
  {
    name: 'rate-limit',
    words: 'answers half of the calls with HTTP 429 and Retry-After: 5',
    fault: { kind: 'status', status: 429, retryAfter: 5, probability: 0.5 },
  },
  {
    name: 'refuse',
    words: 'refuses each write: a dead letter after l2l.give_up_after',
    fault: { kind: 'refuse', method: 'POST', error: 'the sandbox refuses every write' },
  },
  {
    name: 'bad-key',
    words: 'answers each call with HTTP 401, as with a key that is not valid',
    fault: { kind: 'status', status: 401 },
  },
  {
    name: 'login-page',
    words: 'answers half of the calls with an HTML page in place of JSON',
    fault: { kind: 'html', probability: 0.5 },
  },
  {
    name: 'maintenance',
    words: 'answers half of the calls with a maintenance page and HTTP 200',
    fault: { kind: 'html', page: 'maintenance', probability: 0.5 },
  },
  {
    name: 'redirect',
    words: 'answers half of the calls with a redirect to a login page',
    fault: { kind: 'redirect', probability: 0.5 },
  },
];

/** The fault of this name, as the sandbox takes it. Throws when there is none. */
export function namedFault(name: string): FaultInput {
  const known = NAMED_FAULTS.find(candidate => candidate.name === name);
  if (!known) throw new Error(`there is no fault ${name}`);
  return { name, ...known.fault };
}
