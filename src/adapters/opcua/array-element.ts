import type { Point } from './point.ts';

/** OPC UA's VariantArrayType. */
const SCALAR = 0;
const ARRAY = 1;

type Shape = { readonly arrayType: number; readonly value: unknown };

/**
 * The single value of a point: that of the node, or the element that the server sent for the index range. `problem`: the reason in words
 * why there is none. Pure.
 */
export function elementOf(
  { index }: Pick<Point, 'index'>,
  { arrayType, value }: Shape,
): { readonly value: unknown } | { readonly problem: string } {
  if (arrayType === SCALAR)
    return index === undefined ? { value } : { problem: 'the node is not an array; leave out index' };
  if (arrayType !== ARRAY) return { problem: 'the node is an array of several dimensions, which is not supported' };
  const elements = value as ArrayLike<unknown> | null;
  if (index === undefined) {
    const length = elements?.length ?? 0;
    return { problem: `the node is an array of ${length}; write index: 0 for its first element` };
  }
  // The range holds one element, but a server that ignores the range sends the whole array.
  const place = elements?.length === 1 ? 0 : index;
  return elements && place < elements.length
    ? { value: elements[place] }
    : { problem: `the array has no element ${index}; index counts from 0` };
}
