import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export type DeviceManners = {
  /** Closes each connection after its first answer. */
  readonly closesAfterAnswer?: boolean;
  /** Closes each connection as soon as it is made. */
  readonly closesAtOnce?: boolean;
  /** What it does with a read of more registers than this: it gives no answer, or an exception. */
  readonly most?: { readonly registers: number; readonly answer: 'none' | number };
};

/** A Modbus TCP device for tests. Each holding register shows its own address. It can show the faults of real devices. */
export async function startModbusDevice(manners: DeviceManners = {}) {
  const reads: (readonly [address: number, length: number])[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer(socket => {
    connections++;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    if (manners.closesAtOnce) socket.end();
    socket.on('data', request => {
      const [address, length] = [request.readUInt16BE(8), request.readUInt16BE(10)];
      reads.push([address, length]);
      const answer = pduFor(address, length, request.subarray(6, 8), manners);
      if (answer === null) return;
      const head = Buffer.from(request.subarray(0, 6));
      head.writeUInt16BE(answer.length, 4);
      socket.write(Buffer.concat([head, answer]));
      if (manners.closesAfterAnswer) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    reads,
    connections: () => connections,
    /** Ends every connection: `close` properly, `reset` with a TCP reset. */
    drop(how: 'close' | 'reset') {
      for (const socket of open) {
        if (how === 'close') socket.end();
        else socket.resetAndDestroy();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function pduFor(address: number, length: number, unitAndFunction: Buffer, { most }: DeviceManners): Buffer | null {
  const [unit = 0, code = 0] = unitAndFunction;
  if (most && length > most.registers)
    return most.answer === 'none' ? null : Buffer.from([unit, code | 0x80, most.answer]);
  const data = Buffer.alloc(length * 2);
  for (let index = 0; index < length; index++) data.writeUInt16BE(address + index, index * 2);
  return Buffer.concat([Buffer.from([unit, code, data.length]), data]);
}
