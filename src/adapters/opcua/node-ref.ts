/** A node as in the config. Its namespace index is known only after the server has sent its namespaces. */
export type NodeRef = {
  /** `s=…`, `i=…`, `g=…` or `b=…`. */
  readonly identifier: string;
  readonly namespace: { readonly uri: string } | { readonly index: number };
};

const NODE = /^(?:ns=(\d{1,5});|nsu=([^;]+);)?(s=.+|i=\d{1,10}|g=[0-9A-Fa-f-]{36}|b=[A-Za-z0-9+/=]+)$/s;

/** undefined when it is not a node id. A short id belongs to `namespace`, or to index 0 when the source names none. */
export function parseNode(text: string, namespace: string | undefined): NodeRef | undefined {
  const match = NODE.exec(text);
  const identifier = match?.[3];
  if (!match || identifier === undefined) return undefined;
  const [, index, uri] = match;
  if (index !== undefined) return { identifier, namespace: { index: Number(index) } };
  if (uri !== undefined) return { identifier, namespace: { uri: unescapeUri(uri) } };
  return { identifier, namespace: namespace === undefined ? { index: 0 } : { uri: namespace } };
}

/** `ns=3;s=…` on this server; undefined when it has no such namespace. */
export function resolveNode(node: NodeRef, namespaces: readonly string[]): string | undefined {
  const index = 'index' in node.namespace ? node.namespace.index : namespaces.indexOf(node.namespace.uri);
  return index < 0 ? undefined : `ns=${index};${node.identifier}`;
}

/** The node with its namespace in words: the same on every server and after every download. */
export function nodeText(node: NodeRef): string {
  return 'index' in node.namespace
    ? `ns=${node.namespace.index};${node.identifier}`
    : `nsu=${node.namespace.uri};${node.identifier}`;
}

/** OPC UA part 6, 5.3.1.11: `;` and `%` are escaped inside `nsu=`. */
function unescapeUri(uri: string): string {
  return uri.replaceAll(/%3[Bb]/g, ';').replaceAll('%25', '%');
}
