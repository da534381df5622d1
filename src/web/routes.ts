import type { FastifyReply, RouteOptions } from 'fastify';

/** The content of the pages. The app provides it, and it is read again for each request. */
export type StatusSource = {
  /** Everything, as plain JSON with its times as text. Holds no secret. */
  status(): object;
  /** Empty when the gateway does its whole job. Otherwise it says in words what is missing. */
  notReady(): readonly string[];
};

/** Each page with its method, its address and the type of its answer. A new page is one entry. */
export function routes(source: StatusSource): readonly RouteOptions[] {
  return [
    page<object>('/status', () => source.status()),
    page<object>('/', () => source.status()),
    page<{ readonly live: true }>('/health/live', () => ({ live: true })),
    page<{ readonly ready: boolean; readonly missing: readonly string[] }>('/health/ready', reply => {
      const missing = source.notReady();
      const ready = missing.length === 0;
      reply.code(ready ? 200 : 503);
      return { ready, missing };
    }),
  ];
}

/** A page that is only read. Fastify answers HEAD as it answers GET. */
function page<Body extends object>(url: string, answer: (reply: FastifyReply) => Body): RouteOptions {
  return { method: 'GET', url, handler: async (_request, reply) => answer(reply) };
}
