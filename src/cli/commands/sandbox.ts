import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { loadPlant } from '../../config/load-plant.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { formatDuration } from '../../core/fields.ts';
import type { Manners } from '../../simulation/sandbox/manners.ts';
import { type Sandbox, startSandbox } from '../../simulation/sandbox/sandbox.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { announcement } from '../sandbox/announcement.ts';
import { type AskedFault, askedFault, faultList } from '../sandbox/faults.ts';
import { askedManner, mannerList } from '../sandbox/manners.ts';
import { DEFAULT_WORLD, worldOf } from '../sandbox/world.ts';

const DEFAULT_PORT = 8099;
/** No secret: it opens a sandbox that only this host reaches. */
const SANDBOX_KEY = 'sandbox-key';

/** The same, for signed calls. */
const SANDBOX_SECRET = 'sandbox-secret';

const help = (
  program: string,
) => `Usage: ${program} sandbox [CONFIG] [--port N] [--fault NAME[=TIME]]… [--manner NAME[=VALUE]]…

Runs a simulated L2L on this host until Ctrl-C. It takes the calls of the gateway and
shows their result on a page: dispatches, cycle counts, production. Nothing leaves this
host. At its end the sandbox forgets everything.

  CONFIG               the config of the gateway. The sandbox gets its site, machines,
                       lines, types, trades, reasons and products. Secrets may be
                       unset. Without CONFIG it has a small plant of its own
  --port N             the port (${DEFAULT_PORT}); 0: the system picks one
  --fault NAME[=TIME]  L2L fails in this way, for TIME or until the end. May be given
                       several times. "--fault list" lists the names
  --manner NAME[=VALUE]
                       L2L answers in this way where its reference leaves it open. May
                       be given several times. "--manner list" lists the names and
                       values. Without VALUE: the first one that is not the default

It prints its address and the lines to write into CONFIG. It accepts the key that
CONFIG refers to, and the key ${SANDBOX_KEY}.

Faults:
${faultList()}

Exit codes: ${EXIT.ok} ended by Ctrl-C; ${EXIT.failed} it could not start, for example because the port is
taken; ${EXIT.badConfig} CONFIG is not valid; ${EXIT.usage} the command line is wrong`;

export const sandboxCommand: Command = {
  summary: 'runs a simulated L2L on this host, to try a config',
  help,
  async run(args, io) {
    const options = optionsOf(args);
    if ('list' in options) {
      io.out(options.list);
      return EXIT.ok;
    }
    const { file, port, faults, manners } = options;
    const plant = file === undefined ? null : loadPlant(file, io.env, io.readFile);
    const world = plant ? worldOf(plant) : DEFAULT_WORLD;
    const held = plant ? plant.key.value?.reveal() : io.env.L2L_API_KEY;
    const keys = [SANDBOX_KEY, ...(held ? [held] : [])];
    const clock = systemClock();
    // A product that is the value of a signal can't be known beforehand: refused, none of the production could be tried.
    const unknown_product = plant && plant.openProducts.length > 0 ? 'create' : 'refuse';
    const signed = plant?.signed && {
      ...plant.signed,
      secret: plant.signed.secret.value?.reveal() ?? SANDBOX_SECRET,
    };
    const sandbox = await startSandbox({
      port,
      host: '127.0.0.1',
      key: keys,
      world,
      clock,
      signed: signed ?? undefined,
      manners: { unknown_product, signature: signed ? 'required' : 'ignored', ...manners },
    });
    try {
      io.out(
        announcement({
          url: sandbox.url,
          plant,
          world,
          key: SANDBOX_KEY,
          secret: SANDBOX_SECRET,
          faults,
          manners,
          env: io.env,
        }),
      );
      using _ends = applyFaults(sandbox, faults, clock, io);
      if (!io.signal.aborted) await once(io.signal, 'abort');
    } finally {
      await sandbox.stop();
    }
    return EXIT.ok;
  },
};

function optionsOf(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      fault: { type: 'string', multiple: true, default: [] },
      manner: { type: 'string', multiple: true, default: [] },
    },
    allowPositionals: true,
  });
  if (values.fault.includes('list')) return { list: faultList() };
  if (values.manner.includes('list')) return { list: mannerList() };
  if (positionals.length > 1) throw new UsageError(`sandbox takes one file, not ${positionals.length}`);
  const port = values.port ?? String(DEFAULT_PORT);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new UsageError(`--port ${port}: write a port such as ${DEFAULT_PORT}, or 0`);
  const manners: Partial<Manners> = Object.assign({}, ...values.manner.map(askedManner));
  return { file: positionals[0], port: Number(port), faults: values.fault.map(askedFault), manners };
}

/** Faults that last for a time end one after the other; disposed of, none is waited for any more. */
function applyFaults(sandbox: Sandbox, faults: readonly AskedFault[], clock: Clock, { out }: Io): Disposable {
  if (faults.length === 0) return { [Symbol.dispose]: () => {} };
  sandbox.setFaults(faults.map(({ fault }) => fault));
  const timers = faults.flatMap(({ named, lasts }) => {
    if (lasts === null) return [];
    return clock.at(clock.now() + lasts, () => {
      sandbox.endFault(named.name);
      out(`fault ${named.name} is over after ${formatDuration(lasts)}`);
    });
  });
  return {
    [Symbol.dispose]() {
      for (const timer of timers) timer[Symbol.dispose]();
    },
  };
}
