import { z } from 'zod';
import type { UnknownProduct } from './kind.ts';

/** The product is not known. The action is parked until it is named, and never sent with a wrong one. */
export const UnknownProductField = z.custom<UnknownProduct>(isUnknownProduct).exactOptional();

function isUnknownProduct(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'why' in value && 'seen' in value;
}
