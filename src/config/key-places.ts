import type { z } from 'zod';
import { Config } from './schema.ts';

/** Keys from the top of the file to a map; `*` stands for any name, `protocol` for the protocol of the source above. */
export type KeyPlace = { readonly path: readonly string[]; readonly protocol: string | null };

type Definition = {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly in?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly values?: readonly unknown[];
};

let known: ReadonlyMap<string, readonly KeyPlace[]> | undefined;

/** Every place that may have this key. The list is made of the schema when the first key is wrong. */
export function placesOfKey(key: string): readonly KeyPlace[] {
  known ??= collect();
  return known.get(key) ?? [];
}

/** Whether a path fits a pattern. */
export function isAt(pattern: readonly string[], path: readonly string[]): boolean {
  return pattern.length === path.length && pattern.every((name, i) => name === '*' || name === path[i]);
}

function collect(): ReadonlyMap<string, readonly KeyPlace[]> {
  const places = new Map<string, KeyPlace[]>();
  const walk = (schema: z.ZodType, path: readonly string[], protocol: string | null): void => {
    const { type, shape, innerType, valueType, element, in: input, options } = definitionOf(schema);
    if (shape) {
      const own = shape.protocol ? String(definitionOf(shape.protocol).values?.[0] ?? '') : protocol;
      for (const [key, value] of Object.entries(shape)) {
        if (value.meta()?.notBuilt === true) continue;
        places.set(key, [...(places.get(key) ?? []), { path, protocol: own }]);
        walk(value, [...path, key], own);
      }
    }
    for (const inner of [innerType, input]) if (inner) walk(inner, path, protocol);
    if (type === 'record' && valueType) walk(valueType, [...path, '*'], protocol);
    if (element) walk(element, [...path, '*'], protocol);
    for (const option of options ?? []) walk(option, path, protocol);
  };
  walk(Config, [], null);
  return places;
}

function definitionOf(schema: z.ZodType): Definition {
  return (schema as unknown as { readonly _zod: { readonly def: Definition } })._zod.def;
}
