import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/l2l/exchange.ts';
import { judge, readFailure } from '../../src/l2l/outcome.ts';

const NONE = { transient: [] };
const SUCCESS = '{"success":true,"data":{"id":1}}';
const REFUSED = '{"success":false,"error":"Missing machinecode parameter"}';
const PAGE = '<html><head><style>x{}</style></head><body><h1>Gateway  time-out</h1></body></html>';

const answered = (status: number, body: string, retryAfter?: number): Exchange => ({
  kind: 'answered',
  status,
  body,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

/** The expected table, written a second time in another form: by status, for each kind of body. */
function expected(status: number, body: string): string {
  if (status === 429) return 'retry rate_limited';
  // A proxy's 401 or 403 says nothing about the key.
  if ((status === 401 || status === 403) && body !== PAGE) return 'halt auth';
  // The network asks for a login.
  if (status === 511 && body === PAGE) return 'unknown unreadable';
  if (status >= 500) return 'unknown server';
  if (body === PAGE || (status >= 300 && status < 400)) return 'unknown unreadable';
  if (body === REFUSED) return 'rejected refused';
  return status < 300 ? 'success' : 'unknown unreadable';
}

const STATUSES = Array.from({ length: 400 }, (_, index) => 200 + index);

describe('outcome table', () => {
  it.each([
    ['success', SUCCESS],
    ['success:false', REFUSED],
    ["a proxy's page", PAGE],
  ])('the outcome table gives every status from 200 to 599 with %s an outcome', (_what, body) => {
    const wrong = STATUSES.flatMap(status => {
      const verdict = judge(answered(status, body), NONE);
      const got = 'reason' in verdict ? `${verdict.kind} ${verdict.reason}` : verdict.kind;
      return got === expected(status, body) ? [] : [`${status}: ${got}`];
    });
    expect(wrong).toEqual([]);
  });

  it('a call that may have had an effect is never repeated without a look-up', () => {
    const blind = STATUSES.filter(status => judge(answered(status, PAGE), NONE).kind === 'retry');
    expect(blind).toEqual([429]);
  });

  it.each(['network', 'timeout', 'reset', 'unreadable', 'stopped'] as const)(
    'a request that failed by %s is unknown after it left, otherwise it is repeated',
    reason => {
      const failed = { kind: 'failed', reason, detail: 'words' } as const;
      expect(judge({ ...failed, left: true }, NONE)).toEqual({ kind: 'unknown', reason, detail: 'words' });
      expect(judge({ ...failed, left: false }, NONE)).toEqual({ kind: 'retry', reason, detail: 'words' });
    },
  );

  it('a refusal has the words of L2L', () => {
    expect(judge(answered(200, REFUSED), NONE)).toEqual({
      kind: 'rejected',
      reason: 'refused',
      detail: 'Missing machinecode parameter',
      answer: REFUSED,
    });
    expect(judge(answered(200, '{"success":false}'), NONE)).toMatchObject({
      detail: 'refused without a word (HTTP 200)',
    });
  });

  it('the outcome table repeats a refusal whose words are transient, in any case of letters', () => {
    const body = '{"success":false,"error":"Nightly Backup"}';
    expect(judge(answered(200, body), { transient: ['nightly backup'] })).toMatchObject({ kind: 'retry' });
    expect(judge(answered(200, body), { transient: ['weekly'] })).toMatchObject({ kind: 'rejected' });
  });

  it.each([200, 400, 403, 503])('with status %i, a refusal that means "not now" is repeated like a 429', status => {
    const body = '{"success":false,"error":"Rate limit exceeded, please try again later."}';
    expect(judge(answered(status, body, 7000), NONE)).toMatchObject({
      kind: 'retry',
      reason: 'refused',
      retryAfter: 7000,
    });
  });

  it('a time-out with status 503, and any refusal with status 500, leave it unknown whether the call had an effect', () => {
    const refusal = (words: string) => JSON.stringify({ success: false, error: words });
    expect(judge(answered(503, refusal('upstream request timeout')), NONE)).toMatchObject({ kind: 'unknown' });
    expect(judge(answered(500, refusal('Deadlock found')), NONE)).toMatchObject({ kind: 'unknown' });
  });

  it('a refusal for a missing right belongs to one area, with HTTP 200 too', () => {
    const refusal = (words: string) => answered(200, JSON.stringify({ success: false, error: words }));
    for (const words of ['Permission denied', 'You are not authorized', 'The user does not have access to machines'])
      expect(judge(refusal(words), NONE)).toMatchObject({ kind: 'halt', reason: 'auth' });
    for (const words of ['No such machine', 'Dispatch type DOWN is not allowed here', 'Invalid right bound'])
      expect(judge(refusal(words), NONE)).toMatchObject({ kind: 'rejected' });
  });

  it('only a retry has a Retry-After', () => {
    expect(judge(answered(429, PAGE, 5000), NONE)).toMatchObject({ kind: 'retry', retryAfter: 5000 });
    expect(judge(answered(503, PAGE, 5000), NONE)).not.toHaveProperty('retryAfter');
  });

  it('the outcome table quotes the words of a page without its markup, and shortens long ones', () => {
    expect(judge(answered(502, PAGE), NONE)).toMatchObject({ detail: 'HTTP 502: the server failed: Gateway time-out' });
    const long = judge(answered(200, `{"success":false,"error":"${'x'.repeat(9000)}"}`), NONE);
    expect(long).toMatchObject({ kind: 'rejected' });
    expect(JSON.stringify(long).length).toBeLessThan(3000);
  });

  it('a failed read is repeated, or stops all calls', () => {
    const failure = (exchange: Exchange) => {
      const verdict = judge(exchange, NONE);
      if (verdict.kind === 'success') throw new Error('not a failure');
      return readFailure(verdict);
    };
    expect(failure(answered(403, REFUSED))).toMatchObject({ kind: 'halt' });
    expect(failure(answered(403, PAGE))).toMatchObject({
      kind: 'retry',
      reason: 'unreadable',
      detail: expect.stringMatching(/HTTP 403: .*something between answered.*Gateway time-out/),
    });
    expect(failure(answered(502, PAGE))).toMatchObject({ kind: 'retry', reason: 'server' });
    expect(failure(answered(200, REFUSED))).toMatchObject({ kind: 'retry', reason: 'denied' });
    expect(failure({ kind: 'failed', left: true, reason: 'timeout', detail: 'x' })).toMatchObject({ kind: 'retry' });
  });
});
