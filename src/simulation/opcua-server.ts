import { hostname } from 'node:os';
import {
  InMemoryCertificateKeyPairProvider,
  InMemoryCertificateStore,
  LogLevel,
  nodesets,
  type OPCUACertificateManager,
  OPCUAServer,
  setLogLevel,
} from 'node-opcua';

export type OpcuaServerOptions = {
  readonly host: string;
  /** 0: one the system gives. */
  readonly port: number;
  /** Users that may log in, by name; without any, everybody is anonymous. */
  readonly users?: Readonly<Record<string, string>>;
  readonly maxSessions?: number;
};

/** An OPC UA server that is not listening yet: its nodes are added before `start`. */
export interface SimulatedOpcuaServer {
  readonly server: OPCUAServer;
  /** Starts to listen; resolves to `opc.tcp://host:port`. */
  start(): Promise<string>;
  stop(): Promise<void>;
}

/** Everything is in memory: no certificate is written to the disk. */
export async function createOpcuaServer(options: OpcuaServerOptions): Promise<SimulatedOpcuaServer> {
  setLogLevel(LogLevel.Emergency);
  const { host, users } = options;
  const applicationUri = `urn:${hostname()}:l2l-gateway:simulated-plc`;
  const certificate = new InMemoryCertificateKeyPairProvider();
  await certificate.ensureCertificateExists({ applicationUri, subject: '/CN=simulated-plc', dns: [hostname()] });
  // The options are typed for the store on disk, but only what every store has is called.
  const store = new InMemoryCertificateStore({ autoAcceptUnknown: false }) as unknown as OPCUACertificateManager;
  const server = new OPCUAServer({
    port: options.port,
    hostname: host,
    certificateKeyPairProvider: certificate,
    serverCertificateManager: store,
    userCertificateManager: store,
    serverInfo: { applicationUri },
    nodeset_filename: [nodesets.standard],
    allowAnonymous: users === undefined,
    ...(users && { userManager: { isValidUser: (user: string, password: string) => users[user] === password } }),
    ...(options.maxSessions !== undefined && { serverCapabilities: { maxSessions: options.maxSessions } }),
  });
  await server.initialize();
  return {
    server,
    async start() {
      // An endpoint looks for the certificate in files, whatever the server was given.
      for (const endpoint of server.endpoints) endpoint.setCertificateProvider(certificate);
      await server.start();
      const port = server.endpoints[0]?.port;
      if (port === undefined) throw new Error('the OPC UA server has no endpoint');
      return `opc.tcp://${host}:${port}`;
    },
    stop: () => server.shutdown(0),
  };
}
