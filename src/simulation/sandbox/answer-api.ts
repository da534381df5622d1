import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, sleep } from '../../core/clock.ts';
import { targetOf } from './api.ts';
import type { Backend } from './backend.ts';
import type { Fault, Faults } from './faults.ts';
import { sendHtml, sendJson } from './http.ts';
import { mannerFault } from './manner-faults.ts';
import { type Params, paramsOf } from './params.ts';
import { type SignedCalls, signatureProblem } from './signature.ts';
import type { SeenCall } from './state.ts';

const CALLS_KEPT = 100;

const PAGES = {
  login: '<title>Sign in</title><h1>Please sign in</h1>',
  maintenance: '<title>Maintenance</title><h1>We will be back soon</h1>',
} as const;

type ApiOptions = {
  readonly backend: Backend;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly keys: readonly string[];
  /** The calls that need a signature; undefined: none. */
  readonly signed: SignedCalls | undefined;
  readonly stopping: AbortSignal;
};

type ApiRequest = {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};

/** The addresses below /api/: what L2L answers, or what a fault in force does instead. Keeps the last calls. */
export function createApi({ backend, faults, clock, keys, signed, stopping }: ApiOptions) {
  const calls: SeenCall[] = [];
  /** How many calls came since the start. */
  let count = 0;

  /** Checks the key and runs the call, as L2L does without a fault. */
  function apply({ method, url, request }: ApiRequest, params: Params) {
    const key = request.headers.l2lauth ?? params.peek('auth');
    if (!keys.some(known => known === key))
      return { status: 401, answer: { success: false, error: 'Invalid API key' } };
    const found = targetOf(url.pathname, method);
    if (!found) return { status: 404, answer: { success: false, error: 'Not found' } };
    if (!found.verbs.includes(method)) return { status: 405, answer: { success: false, error: 'Method not allowed' } };
    const { signature, real_user } = backend.manners;
    const problem =
      signed && signature === 'required' ? signatureProblem(signed, found.name, params, clock.now()) : null;
    if (problem !== null) return { status: 200, answer: { success: false, error: problem } };
    const realUser = real_user === 'any' || params.peek('auth') !== undefined ? params.peek('realuser') : undefined;
    const isUser = backend.data.users.some(({ loginid }) => loginid === realUser);
    if (realUser !== undefined && !isUser)
      return { status: 200, answer: { success: false, error: `Invalid realuser: there is no user ${realUser}` } };
    return { status: 200, answer: backend.run(found, params, realUser ?? 'api') };
  }

  function ofManners(method: string, url: URL): Fault | undefined {
    const area = targetOf(url.pathname, method)?.name.split('/')[0] ?? '';
    return mannerFault(backend.manners, method, area, count);
  }

  async function answer(asked: ApiRequest): Promise<void> {
    const { method, url, response } = asked;
    const at = clock.now();
    const params = paramsIn(asked);
    const target = ['machinecode', 'code', 'linecode'].map(params.peek).find(code => code !== undefined) ?? '';
    const remember = (status: number, success: boolean, detail: string) => {
      calls.push({ at, method, path: url.pathname, target, status, ms: clock.now() - at, success, detail });
      if (calls.length > CALLS_KEPT) calls.shift();
    };
    const give = ({ status, answer }: ReturnType<typeof apply>, detail = '') => {
      sendJson(response, status, answer);
      remember(status, answer.success, detail || ('error' in answer ? String(answer.error) : ''));
    };

    count += 1;
    const { slow, fault = ofManners(method, url) } = faults.judge(method, url.pathname);
    if (slow > 0) await sleep(clock, slow, stopping);
    if (!fault || fault.kind === 'slow' || fault.kind === 'away') return give(apply(asked, params));
    if (fault.kind === 'hang') {
      await sleep(clock, fault.ms, stopping);
      return give(apply(asked, params), `applied after ${fault.ms} ms`);
    }
    if (fault.kind === 'refuse') return give({ status: 200, answer: { success: false, error: fault.error } });
    const applied = fault.when === 'after' ? apply(asked, params) : undefined;
    const effect = applied ? `after applying (${applied.answer.success ? 'done' : 'refused'})` : 'before applying';
    const { status, what } = spoilAnswer(fault, asked);
    remember(status, false, `${what} ${effect}`);
  }

  return { answer, calls: (): readonly SeenCall[] => [...calls] };
}

function paramsIn({ url, body, request }: ApiRequest): Params {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  return paramsOf([...url.searchParams, ...(isForm ? new URLSearchParams(body) : [])]);
}

/** Gives the caller another answer than L2L's, or none. Status 0: none. */
function spoilAnswer(
  fault: Extract<Fault, { kind: 'reset' | 'status' | 'html' | 'redirect' }>,
  { request, response }: ApiRequest,
): { readonly status: number; readonly what: string } {
  switch (fault.kind) {
    case 'reset':
      request.socket.resetAndDestroy();
      return { status: 0, what: 'connection reset' };
    case 'status': {
      const { status, retryAfter } = fault;
      const header = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
      if (status >= 500) sendHtml(response, status, `<h1>${status} Server Error</h1>`, header);
      else sendJson(response, status, { success: false, error: `status ${status}` }, header);
      return { status, what: 'fault' };
    }
    case 'html':
      sendHtml(response, fault.status, PAGES[fault.page]);
      return { status: fault.status, what: 'HTML page' };
    case 'redirect':
      sendHtml(response, 302, '', { location: '/login/?next=/' });
      return { status: 302, what: 'redirect to a login page' };
  }
}
