import { afterEach } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/simulation/sandbox/sandbox.ts';
import { SMALL_WORLD } from '../../../src/simulation/sandbox/world.ts';

export const KEY = 'a-test-key';
export const NO_DELAY = { batchDelay: 0 };

export type Answered = {
  readonly status: number;
  readonly success: boolean;
  readonly error: string | undefined;
  readonly body: Record<string, unknown>;
};

export type Fields = Readonly<Record<string, string | number | boolean>>;

/** A sandbox that ends with its test, and two functions to call it. */
export async function sandboxForTest(options: Partial<SandboxOptions> = {}) {
  const sandbox = await startSandbox({ port: 0, host: '127.0.0.1', key: KEY, world: SMALL_WORLD, ...options });
  started.add(sandbox);
  const send = async (path: string, init: RequestInit): Promise<Answered> => {
    const response = await fetch(`${sandbox.url}/api/1.0/${path}`, {
      ...init,
      headers: { L2LAUTH: KEY, ...init.headers },
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    const body = (isJson ? JSON.parse(text) : { text }) as Record<string, unknown>;
    const error = typeof body.error === 'string' ? body.error : undefined;
    return { status: response.status, success: body.success === true, error, body };
  };
  return {
    sandbox,
    post: (path: string, fields: Fields, init: RequestInit = {}) =>
      send(path, { method: 'POST', body: new URLSearchParams(textsOf(fields)), ...init }),
    get: (path: string, fields: Fields = {}, init: RequestInit = {}) =>
      send(`${path}?${new URLSearchParams(textsOf(fields))}`, init),
  };
}

const started = new Set<Sandbox>();
afterEach(async () => {
  await Promise.all([...started].map(sandbox => sandbox.stop()));
  started.clear();
});

function textsOf(fields: Fields): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}

/** The list or the record in an answer. */
export function records(answered: Answered): Record<string, unknown>[] {
  return answered.body.data as Record<string, unknown>[];
}

export function record(answered: Answered): Record<string, unknown> {
  return answered.body.data as Record<string, unknown>;
}

export const OPEN = {
  site: 43,
  machinecode: 'PRESS-01',
  dispatchtypecode: 'DOWN',
  description: 'Press 1 stopped',
  trade: 'MAINT',
  user: 'gateway',
  reported: '2026-03-02 06:01:00',
} as const;
