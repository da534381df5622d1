import { describe, expect, it } from 'vitest';
import { nodeText, parseNode, resolveNode } from '../../../src/adapters/opcua/node-ref.ts';

const URI = 'http://www.siemens.com/simatic-s7-opcua';
const NAMESPACES = ['http://opcfoundation.org/UA/', 'urn:plc', URI];

describe('OPC UA node', () => {
  it.each([
    ['s="Press1"."Running"', URI, 'ns=2;s="Press1"."Running"'],
    ['s=a;b=c', URI, 'ns=2;s=a;b=c'],
    ['i=2258', undefined, 'ns=0;i=2258'],
    ['ns=0;i=2258', URI, 'ns=0;i=2258'],
    ['ns=7;s=x', URI, 'ns=7;s=x'],
    ['nsu=urn:plc;s=x', URI, 'ns=1;s=x'],
    ['nsu=urn:gone;s=x', URI, undefined],
  ])('the node %s in namespace %s resolves to %s', (text, namespace, resolved) => {
    const node = parseNode(text, namespace);

    expect(node && resolveNode(node, NAMESPACES)).toBe(resolved);
  });

  it('a semicolon in a namespace is unescaped', () => {
    expect(parseNode('nsu=urn:a%3Bb%2525;s=x', undefined)?.namespace).toEqual({ uri: 'urn:a;b%25' });
  });

  it.each(['', 's=', 'Press1.Running', 'ns=2', 'i=abc', 'x=1', 'nsu=;s=a'])('%j is no node id', text => {
    expect(parseNode(text, URI)).toBeUndefined();
  });

  it('a node has the same name whatever its present index', () => {
    const node = parseNode('s=x', URI);

    expect(node && nodeText(node)).toBe(`nsu=${URI};s=x`);
  });
});
