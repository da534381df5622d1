import { type NodeRef, nodeText, parseNode } from './node-ref.ts';
import type { OpcuaSource, OpcuaType } from './schema.ts';

/** A signal and the node of its value. */
export type Point = {
  readonly signal: string;
  readonly node: NodeRef;
  readonly type: OpcuaType;
  /** The element of an array, from 0; undefined: the node is one value. */
  readonly index?: number;
  /** How often the server samples the node (ms). */
  readonly sampling: number;
  /** How many changes the server keeps between two notifications. */
  readonly queue: number;
};

/** The signals of a source as points, in the order written. */
export function pointsOf(config: OpcuaSource): readonly Point[] {
  return Object.entries(config.signals).map(([signal, { node, as, index, sampling, queue }]) => {
    const parsed = parseNode(node, config.namespace);
    if (!parsed) throw new Error(`${signal}: ${node} is not a node id, and the schema should have refused it`);
    return {
      signal,
      node: parsed,
      type: as,
      ...(index !== undefined && { index }),
      sampling: sampling ?? config.sampling,
      queue: queue ?? config.queue,
    };
  });
}

/** The whole point in words, for `check` and as the identity of a counter's base. */
export function describe(point: Point): string {
  return `${pointText(point)} ${point.type}`;
}

/** The node, and which element of it, in words. */
export function pointText({ node, index }: Point): string {
  return index === undefined ? nodeText(node) : `element ${index} of ${nodeText(node)}`;
}
