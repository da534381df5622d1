import { z } from 'zod';

/** Scrap by category. Absent where the scrap of a line has no categories. */
export const Categories = z.record(z.string(), z.number());
export type Categories = z.infer<typeof Categories>;

/** Something with scrap, of which some is counted by category. */
export type Scrapped = { readonly categories?: Categories };

/** The sum of both, as a field to spread into an object. */
export function bothCategories(one: Scrapped, other: Scrapped): { categories?: Categories } {
  if (!one.categories || !other.categories) {
    const only = one.categories ?? other.categories;
    return only ? { categories: only } : {};
  }
  const sum: Categories = { ...one.categories };
  for (const [category, scrap] of Object.entries(other.categories)) sum[category] = (sum[category] ?? 0) + scrap;
  return { categories: sum };
}

/** Each category by itself, as a field to spread into an object. */
export function mappedCategories(
  { categories }: Scrapped,
  change: (scrap: number, category: string) => number,
): { categories?: Categories } {
  if (!categories) return {};
  const entries = Object.entries(categories).map(([category, scrap]) => [category, change(scrap, category)] as const);
  return { categories: Object.fromEntries(entries) };
}

export function sumOfCategories({ categories = {} }: Scrapped): number {
  return Object.values(categories).reduce((sum, scrap) => sum + scrap, 0);
}
