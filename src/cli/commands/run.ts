import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assemble } from '../../app/assemble.ts';
import { realEdges } from '../../app/edges.ts';
import { runLives } from '../../app/lives.ts';
import { loadConfig } from '../../config/load.ts';
import { USUAL_CONFIG } from '../../core/command-line.ts';
import { errorMessage } from '../../core/errors.ts';
import { runtimeFolderIn } from '../../core/socket-place.ts';
import { createTimeNotation } from '../../core/time-notation.ts';
import { machineTime } from '../../core/wall-clock.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { createLogger, logConsole } from '../log/log.ts';

const help = (program: string) => `Usage: ${program} run [FILE] [--log LEVEL] [--rebuild]

Runs the gateway until Ctrl-C or SIGTERM. Then it lets the call under way end, commits
what it knows, closes its sessions with PLCs, and leaves nothing running. A second
Ctrl-C ends it at once; after the next start it looks up in L2L what was under way.

  FILE          the config; ${USUAL_CONFIG} when left out
  --log LEVEL   debug, info, warn or error, instead of gateway.log in FILE. info logs
                each dispatch opened, closed or found open, each count and each batch
                of production (in shadow mode: what the gateway would send), and what
                needs a person. debug also logs each rule event, action and call
  --rebuild     set a damaged journal aside and begin a new one. Counters then start
                from what they show now. A sound journal is not touched

On a terminal the log is readable lines, otherwise (systemd, Docker, a file) one JSON
object a line. Its times are the site's (l2l.timezone): "2026-03-02 06:01:00 MST" on a
terminal, ISO 8601 with the offset in JSON.

When the host's clock is set, or the host was suspended, the gateway starts again by
itself with the right time. An unreachable PLC, broker, Redis or L2L does not end it:
/health/ready on gateway.http lists what is missing.

Exit codes: ${EXIT.ok} stopped as asked; ${EXIT.failed} it could not start (the message says what to do), or the
disk failed; ${EXIT.badConfig} the config is not valid; ${EXIT.usage} the command line is wrong`;

export const runCommand: Command = {
  summary: 'runs the gateway until it is stopped',
  help,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { log: { type: 'string' }, rebuild: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    if (positionals.length > 1) throw new UsageError(`run takes one file, not ${positionals.length}`);
    const level = values.log;
    if (level !== undefined && !['debug', 'info', 'warn', 'error'].includes(level)) {
      throw new UsageError(`--log ${level}: write debug, info, warn or error`);
    }

    const loaded = loadConfig(positionals[0] ?? USUAL_CONFIG, io.env, io.readFile);
    const { gateway, l2l } = loaded.config;
    const times = createTimeNotation(l2l.timezone);
    const { log, output } = await createLogger(level ?? gateway.log, process.stdout.isTTY, times);
    logConsole(log);
    for (const { place, message } of loaded.warnings) {
      log.warn(place ? { at: `${place.file}:${place.line}:${place.column}` } : {}, message);
    }
    io.signal.addEventListener('abort', () => log.info({ signal: io.signal.reason }, 'gateway stops'), { once: true });
    const { signal } = io;
    const edges = realEdges({
      log,
      logProblem: () => output.problem(),
      runtimeFolder: runtimeFolderIn(io.env.RUNTIME_DIRECTORY),
      signal,
      rebuild: values.rebuild,
      // At once: a step later a call could go out that nobody remembers. systemd, or whoever runs it, starts it again.
      onFatal: () => process.exit(EXIT.failed),
    });
    const errors = await runLives({
      loaded,
      log,
      machine: machineTime,
      startLife: time => assemble(loaded, { ...edges, ...time }),
      signal,
      onStart(app) {
        const { name, mode } = gateway;
        log.info({ gateway: name, mode, l2l: l2l.url, site: l2l.site, status: app.url }, 'gateway runs');
        collectGarbage();
      },
    });
    if (errors.length > 0) log.error({ errors: errors.map(errorMessage).join('; ') }, 'not everything stopped cleanly');
    else log.info({}, 'gateway stopped');
    await output.flush(LAST_LINES);
    return errors.length === 0 ? EXIT.ok : EXIT.failed;
  },
};

/** How long the end of the process waits for a reader of the log (ms). */
const LAST_LINES = 1000;

/**
 * Reading a config leaves many times more behind than it keeps (the parser's tree of a file with 10,000 signals: 250 MB). A gateway
 * that then has little to do would hold that for hours: once collected, its pages go back to the host.
 */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}
