import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call, Setback } from '../../src/core/delivery.ts';
import { type OpenCall, openCall, type Place } from '../../src/queue/open-call.ts';

const ROW = { id: 7, attempt: 2, state: 'retry' } as unknown as Call;
const NEWER = { ...ROW, attempt: 3 };
const REFUSED = { detail: 'no rights', answer: '{}' };
const AWAY: Setback = { kind: 'retry', reason: 'network', detail: 'connection refused' };

/** A call in this place. */
function at(place: Place['kind']): OpenCall {
  const open = openCall(ROW, 1000);
  if (place === 'queued') open.queue();
  if (place === 'running') open.begin();
  if (place === 'over') open.end();
  return open;
}

const PLACES = ['held', 'queued', 'running', 'over'] as const;
const TRANSITIONS = {
  queue: { do: open => open.queue(), from: ['held', 'queued'], to: 'queued' },
  begin: { do: open => open.begin(), from: ['held', 'queued'], to: 'running' },
  putBack: { do: open => open.putBack(), from: ['queued', 'running'], to: 'held' },
  renew: { do: open => open.renew(NEWER, 2000), from: ['held', 'queued', 'running'], to: 'held' },
  advance: { do: open => open.advance(NEWER), from: ['running'], to: 'running' },
  end: { do: open => open.end(), from: ['held', 'queued', 'running'], to: 'over' },
} satisfies Record<
  string,
  { do: (open: OpenCall) => unknown; from: readonly Place['kind'][]; to: Place['kind'] }
> as Record<string, { do: (open: OpenCall) => unknown; from: readonly string[]; to: string }>;

describe('an open call', () => {
  it.each(
    Object.entries(TRANSITIONS).flatMap(([name, { from, to }]) =>
      PLACES.map(place => [name, place, from.includes(place) ? to : null] as const),
    ),
  )('an open call may %s while it is %s: %s', (name, place, to) => {
    const open = at(place);
    const transit = () => TRANSITIONS[name]?.do(open);

    if (to === null) expect(transit).toThrow(`call 7 is ${place}`);
    else transit();
    expect(open.place.kind).toBe(to ?? place);
  });

  it('an open call never uses the id of a job twice', () => {
    const ids = new Set<string>();
    fc.assert(
      fc.property(fc.array(fc.constantFrom('queue', 'begin', 'putBack', 'renew'), { maxLength: 30 }), names => {
        const open = openCall(ROW, 0);
        ids.clear();
        for (const name of names) {
          if (!TRANSITIONS[name]?.from.includes(open.place.kind)) continue;
          if (name === 'queue') {
            const id = open.queue();
            expect(ids).not.toContain(id);
            ids.add(id);
          } else TRANSITIONS[name]?.do(open);
        }
      }),
    );
  });

  it('an open call ignores late answers about a former job', () => {
    const open = openCall(ROW, 0);
    const former = open.queue();
    const job = open.queue();
    open.confirm(former);

    expect([open.drop(former), open.see(former, true), open.see(former, true)]).toEqual([false, false, false]);
    expect(open.place).toEqual({ kind: 'queued', job, isConfirmed: false, isActive: false });
    open.begin();
    expect([open.drop(job), open.job]).toEqual([false, null]);
  });

  it('an open call knows when two sweeps in a row found its job active', () => {
    const open = openCall(ROW, 0);
    const job = open.queue();

    expect([true, true, false, true].map(isActive => open.see(job, isActive))).toEqual([false, true, false, false]);
    const next = open.queue();
    expect(open.see(next, true)).toBe(false);
  });

  it('an open call is held without a job when Redis lost its job', () => {
    const open = openCall(ROW, 0);
    const job = open.queue();

    expect([open.drop(job), open.place.kind, open.job]).toEqual([true, 'held', null]);
  });

  it('an open call takes over a newer row with its time, and in the middle of a run without one', () => {
    const open = openCall(ROW, 1000);
    open.renew(NEWER, 2000);
    expect([open.call.attempt, open.due]).toEqual([3, 2000]);
    open.begin();
    open.advance({ ...NEWER, attempt: 4 });
    expect([open.call.attempt, open.due]).toEqual([4, 2000]);
  });

  it('an open call counts setbacks, beginning with its attempts, until it makes progress or its pause ends', () => {
    const open = openCall(ROW, 0);
    open.setBack(AWAY);
    expect([open.setbacks, open.setback]).toEqual([3, AWAY]);
    open.wasRead();
    expect([open.setbacks, open.setback]).toEqual([3, null]);
    open.setBack(null);
    open.progress();
    expect(open.setbacks).toBe(0);
    open.setBack(null);
    open.forgetSetbacks();
    expect(open.setbacks).toBe(0);
  });

  it('after a forgiven refusal, the next refusal of an open call counts as its own', () => {
    const open = openCall(ROW, 0);
    open.forgive();
    expect(open.isCleared).toBe(false);
    open.suspect(REFUSED);
    expect([open.refusal, open.isCleared]).toEqual([REFUSED, false]);
    open.forgive();
    expect([open.refusal, open.isCleared]).toEqual([null, true]);
  });

  it('an open call counts as refused alone until it makes progress or all calls were refused', () => {
    const open = openCall(ROW, 0);
    open.suspect(REFUSED);
    expect(open.isRefused).toBe(false);
    open.repeat();
    expect([open.isRefused, open.isCleared]).toEqual([true, true]);
    open.progress();
    expect(open.isRefused).toBe(false);
    open.repeat();
    open.suspect(REFUSED);
    open.forgive();
    expect(open.isRefused).toBe(false);
  });

  it('an open call that is a probe is due at once', () => {
    const open = openCall(ROW, 9000);
    open.probe(500);
    expect([open.due, open.probes]).toEqual([500, 1]);
  });
});
