import { fileURLToPath } from 'node:url';
import { startLineProcess } from './line-process.ts';

export type OpcuaNode = {
  /** `s=…`, in the server's namespace. */
  readonly id: string;
  readonly type:
    | 'Boolean'
    | 'Byte'
    | 'Int16'
    | 'UInt16'
    | 'Int32'
    | 'UInt32'
    | 'Int64'
    | 'UInt64'
    | 'Float'
    | 'Double'
    | 'String'
    | 'DateTime'
    | 'LocalizedText';
  /** 64-bit integers as `[high, low]`; `NaN` and dates as text; an array for an array node. */
  readonly value: unknown;
  readonly status?: string;
  readonly overflow?: boolean;
  /** The server's shortest sampling interval for it (ms). Left out: the interval that a client asks for. */
  readonly sampling?: number;
  /** Source time (ms since 1970). Left out: now. */
  readonly at?: number;
};

export type OpcuaServerSpec = {
  readonly port: number;
  readonly namespace: string;
  readonly nodes: readonly OpcuaNode[];
  /** How many namespaces the server has before this one. They move its index. */
  readonly namespacesBefore?: number;
  readonly users?: Readonly<Record<string, string>>;
  readonly maxSessions?: number;
  /** How many monitored items the server takes in one request. Left out: any number. */
  readonly itemsPerRequest?: number;
  /** Whether the server has the nodes that show its limits. */
  readonly saysLimits?: boolean;
};

export type OpcuaCommand = {
  readonly set?: readonly OpcuaNode[];
  readonly add?: readonly OpcuaNode[];
  readonly remove?: readonly string[];
};

export const TEST_NAMESPACE = 'urn:test:plc';

/** An OPC UA server in its own process. */
export interface OpcuaTestServer extends AsyncDisposable {
  readonly port: number;
  readonly endpoint: string;
  set(...nodes: readonly OpcuaNode[]): Promise<void>;
  add(...nodes: readonly OpcuaNode[]): Promise<void>;
  /** Removes nodes by their id, as a download to the PLC does. */
  remove(...ids: readonly string[]): Promise<void>;
  /** The sessions that are open at the server. */
  sessions(): Promise<number>;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('./opcua-server.ts', import.meta.url));

export async function startOpcuaServer(
  options: Partial<OpcuaServerSpec> & Pick<OpcuaServerSpec, 'nodes'>,
): Promise<OpcuaTestServer> {
  const spec: OpcuaServerSpec = { port: 0, namespace: TEST_NAMESPACE, ...options };
  const server = await startLineProcess<{ sessions: number }>({
    command: process.execPath,
    args: [SCRIPT, JSON.stringify(spec)],
    install: 'the OPC UA server did not start',
  });
  return {
    port: server.port,
    endpoint: `opc.tcp://127.0.0.1:${server.port}`,
    set: async (...set) => void (await server.send({ set })),
    add: async (...add) => void (await server.send({ add })),
    remove: async (...remove) => void (await server.send({ remove })),
    sessions: async () => (await server.send({})).sessions,
    freeze: server.freeze,
    thaw: server.thaw,
    kill: server.kill,
    [Symbol.asyncDispose]: server.kill,
  };
}
