import { z } from 'zod';
import { errorMessage } from '../../core/errors.ts';
import type { Backend } from './backend.ts';
import { Fault, type Faults } from './faults.ts';
import { type Manners, SomeManners } from './manners.ts';
import { NAMED_FAULTS, namedFault } from './named-faults.ts';

const NAMES = NAMED_FAULTS.map(({ name }) => name);

const Control = z.strictObject({
  faults: z.array(Fault).optional(),
  seed: z.int().optional(),
  /** Names of faults: what begins and what ends beside the others in force. */
  start: z.enum(NAMES).optional(),
  end: z.enum(NAMES).optional(),
  manners: SomeManners.optional(),
});

/** Does what a POST to /sandbox/faults asks for, and gives the answer to it. */
export function changeSandbox(
  contentType: string | undefined,
  body: string,
  { backend, faults }: { readonly backend: Backend; readonly faults: Faults },
): { readonly status: number; readonly answer: object } {
  // A JSON content type keeps a page of some other origin from breaking the sandbox with a plain form.
  if (!contentType?.startsWith('application/json')) return { status: 415, answer: { error: 'send application/json' } };
  const given = controlOf(body);
  if ('error' in given) return { status: 400, answer: given };
  if (given.manners) backend.setManners(definedOf(given.manners));
  if (given.faults) faults.set(given.faults, given.seed);
  const { start, end } = given;
  if (end !== undefined) faults.end(({ name }) => name === end);
  if (start !== undefined) faults.add(Fault.parse(namedFault(start)));
  return { status: 200, answer: { faults: faults.list(), manners: backend.manners } };
}

function controlOf(body: string): z.output<typeof Control> | { readonly error: string } {
  try {
    return Control.parse(JSON.parse(body));
  } catch (error) {
    return { error: errorMessage(error) };
  }
}

/** zod gives optional keys as `undefined`; a manner left out keeps its value. */
function definedOf(manners: { readonly [K in keyof Manners]?: Manners[K] | undefined }): Partial<Manners> {
  return Object.fromEntries(Object.entries(manners).filter(([, value]) => value !== undefined));
}
