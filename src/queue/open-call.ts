import type { Call, Setback } from '../core/delivery.ts';

/** `isOwn`: the refusal names a code of this call. */
export type Refusal = { readonly detail: string; readonly answer: string; readonly isOwn?: boolean };

/** Who may run an open call. */
export type Place =
  /** Nobody: the call has no job. A pause holds it back, or its job was lost. */
  | { readonly kind: 'held' }
  /**
   * Redis: the call's job is the only one that may run it. `isConfirmed`: Redis has said that it has the job. `isActive`: at the last sweep
   * the job was active, although nobody here runs it.
   */
  | { readonly kind: 'queued'; readonly job: string; readonly isConfirmed: boolean; readonly isActive: boolean }
  /** A run, from its begin until its outcome is durable. */
  | { readonly kind: 'running' }
  /** The call is final, and not an open call any more. */
  | { readonly kind: 'over' };

/**
 * One open call as the running process knows it. Everybody reads it; only the transitions below change it. A transition throws when the
 * call is in a place where it cannot happen.
 */
export interface OpenCall {
  /** The journal's row. */
  readonly call: Call;
  readonly place: Place;
  /** The only job that may run the call; null: it is not queued. */
  readonly job: string | null;
  readonly isRunning: boolean;
  /** The call does not run before this time (ms since 1970). */
  readonly due: number;
  /** How many attempts in a row brought the call no further. */
  readonly setbacks: number;
  /** Why the last read about the call failed; null: it did not fail. */
  readonly setback: Setback | null;
  /** How often the call was the probe of a pause. */
  readonly probes: number;
  /** The refusal of the call, while it is not known whether all calls are refused. */
  readonly refusal: Refusal | null;
  /** L2L refuses this call alone, and it is sent again for a while. */
  readonly isRefused: boolean;
  /** The next refusal is about this call alone, because a refusal of all calls is ruled out. */
  readonly isCleared: boolean;

  /** held or queued → queued, with the id of a new job. BullMQ silently ignores a known id, so no id is used twice. */
  queue(): string;
  /** Redis has this job. A late answer about a former job changes nothing. The same is true for `see` and `drop`. */
  confirm(job: string): void;
  /** A sweep saw whether this job is active. Returns true when it was active at the last sweep too. */
  see(job: string, isActive: boolean): boolean;
  /** queued → held: this job is lost or was never added. */
  drop(job: string): boolean;
  /** held or queued → running. */
  begin(): void;
  /** running → held, without a change of the journal. Also for a job that came too early. */
  putBack(): void;
  /** → held: the journal has a newer row, so the former job is void. */
  renew(call: Call, due: number): void;
  /** The call still runs: its row in the journal changed during the run. */
  advance(call: Call): void;
  /** → over. */
  end(): void;

  /** The turn of the call comes later. */
  postpone(until: number): void;
  /** The wait of the call is over: it is due now. */
  hasten(now: number): void;
  /** The call is tried as a probe now. */
  probe(now: number): void;
  /** An attempt brought the call forward. */
  progress(): void;
  /** An attempt, or the read before it (`read`), brought the call no further. */
  setBack(read: Setback | null): void;
  /** A read about the call succeeded. */
  wasRead(): void;
  /** The pause is over that made the call wait, so its back-off begins anew. */
  forgetSetbacks(): void;

  suspect(refusal: Refusal): void;
  /** All calls were refused, so this one gets a second attempt. */
  forgive(): void;
  /** L2L refuses this call alone, and it is sent again. */
  repeat(): void;
  clear(): void;
}

const HELD: Place = { kind: 'held' };

export function openCall(row: Call, notBefore: number): OpenCall {
  let call = row;
  let place: Place = HELD;
  let jobs = 0;
  let due = notBefore;
  let setbacks = row.attempt;
  let setback: Setback | null = null;
  let probes = 0;
  let refusal: Refusal | null = null;
  let isRefused = false;
  let isCleared = false;

  function go(to: Place, ...from: readonly Place['kind'][]): void {
    if (!from.includes(place.kind)) throw new Error(`call ${call.id} is ${place.kind} and cannot become ${to.kind}`);
    place = to;
  }
  const queuedAs = (job: string) => (place.kind === 'queued' && place.job === job ? place : null);

  return {
    get call() {
      return call;
    },
    get place() {
      return place;
    },
    get job() {
      return place.kind === 'queued' ? place.job : null;
    },
    get isRunning() {
      return place.kind === 'running';
    },
    get due() {
      return due;
    },
    get setbacks() {
      return setbacks;
    },
    get setback() {
      return setback;
    },
    get probes() {
      return probes;
    },
    get refusal() {
      return refusal;
    },
    get isRefused() {
      return isRefused;
    },
    get isCleared() {
      return isCleared;
    },
    queue() {
      const job = `${call.id}-${call.attempt}-${jobs + 1}`;
      go({ kind: 'queued', job, isConfirmed: false, isActive: false }, 'held', 'queued');
      jobs += 1;
      return job;
    },
    confirm(job) {
      const queued = queuedAs(job);
      if (queued) place = { ...queued, isConfirmed: true };
    },
    see(job, isActive) {
      const queued = queuedAs(job);
      if (queued) place = { ...queued, isActive };
      return queued?.isActive === true && isActive;
    },
    drop(job) {
      const isQueued = queuedAs(job) !== null;
      if (isQueued) place = HELD;
      return isQueued;
    },
    begin: () => go({ kind: 'running' }, 'held', 'queued'),
    putBack: () => go(HELD, 'queued', 'running'),
    renew(newer, at) {
      go(HELD, 'held', 'queued', 'running');
      call = newer;
      due = at;
    },
    advance(newer) {
      go(place, 'running');
      call = newer;
    },
    end: () => go({ kind: 'over' }, 'held', 'queued', 'running'),
    postpone(until) {
      due = until;
    },
    hasten(now) {
      due = now;
    },
    probe(now) {
      probes += 1;
      due = now;
    },
    progress() {
      setbacks = 0;
      setback = null;
      isRefused = false;
    },
    setBack(read) {
      setbacks += 1;
      setback = read;
    },
    wasRead() {
      setback = null;
    },
    forgetSetbacks() {
      setbacks = 0;
    },
    suspect(found) {
      refusal = found;
    },
    forgive() {
      if (refusal === null) return;
      refusal = null;
      isRefused = false;
      isCleared = true;
    },
    repeat() {
      refusal = null;
      isRefused = true;
      isCleared = true;
    },
    clear() {
      isCleared = true;
    },
  };
}
