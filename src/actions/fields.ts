import { z } from 'zod';

/** A code of L2L: machine, line, type, trade, reason, product. */
export const Code = z.string().min(1).max(100);

/** ms since 1970. */
export const Instant = z.number().nonnegative();

/** A number of parts; L2L keeps two decimals. */
export const Quantity = z.number().nonnegative();
