import type { Exchange } from '../../src/l2l/exchange.ts';
import { targetOf } from '../../src/simulation/sandbox/api.ts';
import type { Backend } from '../../src/simulation/sandbox/backend.ts';
import { mannerFault } from '../../src/simulation/sandbox/manner-faults.ts';

/** The answer in place of L2L's own, where its manners keep it from running the call; null: it runs the call. */
export function mannerAnswers(backend: Pick<Backend, 'manners'>) {
  let requests = 0;
  return (method: string, path: string): Exchange | null => {
    requests += 1;
    const area = targetOf(new URL(path, 'http://l2l').pathname, method)?.name.split('/')[0] ?? '';
    const fault = mannerFault(backend.manners, method, area, requests);
    if (fault?.kind === 'refuse')
      return { kind: 'answered', status: 200, body: JSON.stringify({ success: false, error: fault.error }) };
    if (fault?.kind !== 'status') return null;
    const { status, retryAfter } = fault;
    const body = status >= 500 ? '<h1>Error</h1>' : JSON.stringify({ success: false, error: 'no' });
    return { kind: 'answered', status, body, ...(retryAfter !== undefined && { retryAfter: retryAfter * 1000 }) };
  };
}
