import { type ActionKind, kindOf } from './registry.ts';
import type { CallResult } from './result.ts';

/** An open dispatch that an episode uses, so that the gateway opened none. */
export type FoundOpen = {
  /** L2L's dispatch number. */
  readonly number: number;
  /**
   * person: a person opened it, and it is left as it is. adopted: a person opened it, and it is the episode's now. gateway: this
   * gateway opened it for another rule or with an earlier journal, or another gateway opened it.
   */
  readonly whose: 'person' | 'adopted' | 'gateway';
};

/** The dispatch that an action of this kind found open; null: it opened its own, or none. Pure. */
export function foundOpen(kind: ActionKind, result: CallResult | null): FoundOpen | null {
  return kindOf(kind).chain.role === 'opens' ? foundIn(result) : null;
}

/** The dispatch that the open of an episode found, from its result; null: it opened its own, or none. Pure. */
export function foundIn(result: CallResult | null): FoundOpen | null {
  if (result === null) return null;
  if (result.foundOpen !== undefined) return { number: result.foundOpen, whose: 'person' };
  if (result.dispatchNumber === undefined) return null;
  if (result.adopted) return { number: result.dispatchNumber, whose: 'adopted' };
  return result.nothing === undefined ? null : { number: result.dispatchNumber, whose: 'gateway' };
}

/** L2L's number of a dispatch, whoever opened it; undefined: there is none, or L2L did not say it. */
export function dispatchNumber(result: CallResult | null): number | undefined {
  return result?.dispatchNumber ?? result?.foundOpen;
}

/** `found open #1008`. */
export function foundOpenWords({ number }: FoundOpen): string {
  return `found open #${number}`;
}

/** Whose dispatch it is and what becomes of it. */
export const WHOSE_WORDS: Readonly<Record<FoundOpen['whose'], string>> = {
  person: 'a person opened it; the rule uses it, and people close it',
  adopted: 'a person opened it; the gateway adopted it',
  gateway: 'a gateway opened it; both share it',
};
