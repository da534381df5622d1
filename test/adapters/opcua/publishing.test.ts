import type { NotificationMessage, PublishRequest, RepublishRequest } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { startPublishing } from '../../../src/adapters/opcua/publishing.ts';
import type { RawSession } from '../../../src/adapters/opcua/session.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

type Answer = (error: Error | null, response?: unknown) => void;

const message = (sequenceNumber: number, data: readonly object[] = [{}]) =>
  ({ sequenceNumber, notificationData: data }) as unknown as NotificationMessage;
/** A fault of the server, as node-opcua reports it. */
const fault = (status: string) => Object.assign(new Error(`ServiceResult is ${status}`), { response: {} });

/** A publishing loop with a server that the test plays. */
function start() {
  const clock = virtualClock(0);
  const requests: { acknowledged: number[]; answer: Answer }[] = [];
  const kept = new Map<number, NotificationMessage>();
  const seen: number[] = [];
  const lost: string[] = [];
  const session = {
    publish: (request: PublishRequest, answer: Answer) =>
      requests.push({ acknowledged: (request.subscriptionAcknowledgements ?? []).map(a => a.sequenceNumber), answer }),
    republish({ retransmitSequenceNumber }: RepublishRequest, answer: Answer) {
      const found = kept.get(retransmitSequenceNumber);
      if (found) answer(null, { notificationMessage: found });
      else answer(fault('BadMessageNotAvailable'));
    },
  } as unknown as RawSession;
  const publishing = startPublishing({
    session,
    subscriptionId: 1,
    watchdog: 15_000,
    clock,
    onMessage: ({ sequenceNumber }) => seen.push(sequenceNumber),
    onLost: why => lost.push(why),
  });
  const answer = (error: Error | null, notification?: NotificationMessage) =>
    requests.shift()?.answer(error, notification && { notificationMessage: notification });
  return { clock, requests, kept, seen, lost, publishing, answer };
}

describe('OPC UA publishing', () => {
  it('two publish requests wait at the server, and the next one acknowledges the last notification', () => {
    const { requests, seen, answer } = start();

    answer(null, message(1));

    expect(seen).toEqual([1]);
    expect(requests.map(request => request.acknowledged)).toEqual([[], [1]]);
  });

  it('a keep-alive shows only that the server is alive', () => {
    const { clock, seen, lost, answer } = start();
    answer(null, message(1));
    clock.advance(14_000);

    answer(null, message(2, []));
    clock.advance(14_000);
    answer(null, message(2));

    expect(seen).toEqual([1, 2]);
    expect(lost).toEqual([]);
  });

  it('publishing gives up after the watchdog time without a sign of life', () => {
    const { clock, lost, answer } = start();
    answer(null, message(1));

    clock.advance(15_000);

    expect(lost).toEqual(['the server has sent nothing for 15 s']);
  });

  it('publishing gives up when a notification is missing, and delivers nothing after it', () => {
    const { seen, lost, answer } = start();
    answer(null, message(1));

    answer(null, message(3));
    answer(null, message(4));

    expect(seen).toEqual([1]);
    expect(lost).toEqual(['notifications are missing (expected number 2, but 3 came)']);
  });

  it('the sequence goes on with 1 after the highest number', () => {
    const { seen, lost, answer } = start();

    for (const number of [2 ** 32 - 1, 1]) answer(null, message(number));

    expect([seen, lost]).toEqual([[2 ** 32 - 1, 1], []]);
  });

  it('notifications that a broken connection lost are fetched in order, then publishing goes on', async () => {
    const { requests, kept, seen, lost, publishing, answer } = start();
    answer(null, message(1));
    for (const number of [2, 3]) kept.set(number, message(number));
    while (requests.length > 0) answer(new Error('Connection Break'));

    await publishing.resume();
    answer(null, message(4));

    expect([seen, lost]).toEqual([[1, 2, 3, 4], []]);
  });

  it('first values that a broken connection lost are fetched', async () => {
    const { requests, kept, seen, publishing, answer } = start();
    kept.set(1, message(1));
    while (requests.length > 0) answer(new Error('Connection Break'));

    await publishing.resume();
    answer(null, message(2));

    expect(seen).toEqual([1, 2]);
  });

  it.each([
    { what: 'has shown', known: [1], next: 2, lost: [] },
    { what: 'lacks', known: [1], next: 3, lost: ['notifications are missing (expected number 2, but 3 came)'] },
    {
      what: 'lacks the first of',
      known: [],
      next: 2,
      lost: ['notifications are missing (expected number 1, but 2 came)'],
    },
  ])('the first keep-alive after a break shows that it $what all', async ({ known, next, lost: expected }) => {
    const { requests, lost, publishing, answer } = start();
    for (const number of known) answer(null, message(number));
    while (requests.length > 0) answer(new Error('Connection Break'));
    await publishing.resume();

    answer(null, message(next, []));

    expect(lost).toEqual(expected);
  });

  it.each(['BadNoSubscription', 'BadSessionIdInvalid', 'BadSubscriptionIdInvalid'])(
    'publishing gives up on %s',
    status => {
      const { lost, answer } = start();

      answer(fault(status));

      expect(lost).toEqual([`the server ended the subscription: ServiceResult is ${status}`]);
    },
  );

  it('a server that allows one publish request gets one', () => {
    const { requests, lost, answer } = start();

    answer(fault('BadTooManyPublishRequests'));

    expect([requests.length, lost]).toEqual([1, []]);
  });

  it('publishing delivers nothing after its stop', () => {
    const { clock, seen, lost, publishing, answer } = start();

    publishing.stop();
    answer(null, message(1));
    clock.advance(60_000);

    expect([seen, lost]).toEqual([[], []]);
  });
});
