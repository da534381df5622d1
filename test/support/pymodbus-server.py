"""A Modbus TCP server by pymodbus, in a process of its own, driven over stdin and stdout by JSON lines.

argv[1]: {"port": 0, "units": {"7": {"input": {"30": [1, 2]}, "coil": {"0": [true]}}}}
Out: {"port": 40123} once it listens, then {"read": [unit, table, address, count]} for every request.
In:  {"set": [unit, table, address, [values]]}   {"silent": [units]}   {"refuse": [unit, exception, times]}   {"drop": true}
It ends when its stdin closes, so no test can leave it behind.
"""
import asyncio
import json
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server.async_io import ModbusConnectedRequestHandler, ModbusTcpServer

TABLES = {"coil": ("co", 1), "discrete_input": ("di", 2), "holding": ("hr", 3), "input": ("ir", 4)}
NAMES = {code: name for name, (_, code) in TABLES.items()}

silent = set()
refusing = {}


def tell(message):
    print(json.dumps(message), flush=True)


class Handler(ModbusConnectedRequestHandler):
    def execute(self, request, *addr):
        tell({"read": [request.unit_id, NAMES.get(request.function_code, "?"), request.address, request.count]})
        if request.unit_id in silent:
            return
        exception, times = refusing.get(request.unit_id, (0, 0))
        if times > 0:
            refusing[request.unit_id] = (exception, times - 1)
            response = request.doException(exception)
            response.transaction_id = request.transaction_id
            response.unit_id = request.unit_id
            self.send(response, *addr)
            return
        super().execute(request, *addr)


def block(values):
    return ModbusSparseDataBlock({int(address): list(run) for address, run in (values or {}).items()})


def unit(tables):
    stores = {short: block(tables.get(name)) for name, (short, _) in TABLES.items()}
    return ModbusSlaveContext(zero_mode=True, **stores)


async def main():
    spec = json.loads(sys.argv[1])
    units = {int(number): unit(tables) for number, tables in spec["units"].items()}
    context = ModbusServerContext(slaves=units, single=False)
    server = ModbusTcpServer(
        context,
        address=("127.0.0.1", spec.get("port", 0)),
        handler=Handler,
        allow_reuse_address=True,
    )
    serving = asyncio.ensure_future(server.serve_forever())
    await server.serving
    tell({"port": server.server.sockets[0].getsockname()[1]})

    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        command = json.loads(line)
        if "set" in command:
            number, table, address, values = command["set"]
            units[number].setValues(TABLES[table][1], address, values)
        if "silent" in command:
            silent.clear()
            silent.update(command["silent"])
        if "refuse" in command:
            number, exception, times = command["refuse"]
            refusing[number] = (exception, times)
        if "drop" in command:
            for connection in list(server.active_connections.values()):
                connection.transport.abort()
        tell({"done": True})
    serving.cancel()


asyncio.run(main())
