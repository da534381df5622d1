import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter } from '../../src/adapters/adapter.ts';
import { errorMessage } from '../../src/core/errors.ts';
import { PATIENCE } from '../support/patience.ts';
import { recordingSink } from './recording-sink.ts';

/** A source with one number signal. The test controls its server. */
export type AdapterFixture = {
  /** A new adapter for the source; the server already runs. Where clients have names, this one is called `client`. */
  create(client?: string): Adapter;
  /** The number signal that the suite reads. */
  readonly signal: string;
  /** Makes the source show this number; resolves when the server has it. */
  set(value: number): Promise<void>;
  /** Kills the server without a goodbye; all its connections break. */
  kill(): Promise<void>;
  /** Starts the server again at the same address. It shows the number that was set last. */
  restart(): Promise<void>;
  /** A secret of the config, if the protocol has one. No error may show it. */
  readonly secret?: string;
  /** Ends everything that the fixture started. */
  close(): Promise<void>;
};

/** The number of open TCP connections of this process. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter(resource => resource === 'TCPSocketWrap').length;
}

/** The duties of every adapter, whatever its protocol. `start` gives a new source that shows 1. */
export function describeAdapterContract(protocol: string, start: () => Promise<AdapterFixture>): void {
  describe(`adapter contract: ${protocol}`, () => {
    let fixture: AdapterFixture;
    let abort: AbortController;
    let others: AbortController;
    let openBefore: number;

    beforeEach(async () => {
      fixture = await start();
      abort = new AbortController();
      others = new AbortController();
      openBefore = sockets();
    });
    afterEach(async () => {
      abort.abort();
      others.abort();
      await fixture.close();
    });

    /** Starts one life of an adapter and keeps how it ended. */
    function run(adapter = fixture.create(), signal = abort.signal) {
      const sink = recordingSink();
      const ended = adapter.run(sink, signal).then(
        () => 'resolved' as const,
        (error: unknown) => errorMessage(error),
      );
      const shows = (value: number) =>
        vi.waitFor(() => expect(sink.last(fixture.signal)).toMatchObject({ value, quality: 'good' }), PATIENCE);
      return { adapter, sink, ended, shows };
    }

    /**
     * Sets one value after the other, and waits until another client of the source shows it. It sets two, because an adapter that polls may
     * be a whole poll behind.
     */
    async function setAndSee(...values: readonly [number, number]): Promise<void> {
      const other = run(fixture.create('other'), others.signal);
      for (const value of values) {
        await fixture.set(value);
        await other.shows(value);
      }
    }

    it('an adapter connects and delivers the first value', async () => {
      const { sink, shows } = run();

      await shows(1);

      await vi.waitFor(() => expect(sink.events).toContainEqual({ kind: 'connected' }), PATIENCE);
    });

    it('an adapter delivers changes in their order, with their times', async () => {
      const { sink, shows } = run();
      await shows(1);

      for (const value of [2, 3, 4]) {
        await fixture.set(value);
        await shows(value);
      }

      const values = sink.of(fixture.signal).map(sample => Number(sample.value));
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      const times = sink.batches().map(batch => batch.receivedAt);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    it('an adapter resolves after the abort, leaves no connection open, and reports nothing afterwards', async () => {
      const { sink, ended, shows } = run();
      await shows(1);

      abort.abort();

      expect(await ended).toBe('resolved');
      const reported = sink.events.length;
      await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(openBefore), PATIENCE);
      await setAndSee(8, 9);
      expect(sink.events.length).toBe(reported);
    });

    it('an adapter that was aborted before its start resolves', async () => {
      abort.abort();

      const { sink, ended } = run();

      expect(await ended).toBe('resolved');
      expect(sink.events).toEqual([]);
    });

    it('an adapter rejects with a clear message without a secret when the server dies, and reports nothing afterwards', async () => {
      const { sink, ended, shows } = run();
      await shows(1);

      await fixture.kill();

      const reason = await ended;
      expect(reason).not.toBe('resolved');
      expect(reason.length).toBeGreaterThan(10);
      if (fixture.secret) expect(reason).not.toContain(fixture.secret);
      const reported = sink.events.length;
      await fixture.restart();
      await setAndSee(5, 6);
      expect(sink.events.length).toBe(reported);
    });

    it('an adapter rejects with a clear message when there is no server, and leaves nothing open', async () => {
      await fixture.kill();
      const openWithout = sockets();

      const { sink, ended } = run();

      const reason = await ended;
      expect(reason).not.toBe('resolved');
      expect(reason.length).toBeGreaterThan(10);
      if (fixture.secret) expect(reason).not.toContain(fixture.secret);
      expect(sink.events).not.toContainEqual({ kind: 'connected' });
      await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(openWithout), PATIENCE);
    });

    it('an adapter runs again after the server came back, and delivers the changes of the meantime', async () => {
      const first = run();
      await first.shows(1);
      await fixture.kill();
      await first.ended;
      await fixture.restart();
      await fixture.set(7);

      const second = run(first.adapter);

      await second.shows(7);
      await fixture.set(8);
      await second.shows(8);
    });
  });
}
