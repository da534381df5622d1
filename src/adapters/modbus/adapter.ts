import { sleep } from '../../core/clock.ts';
import type { Adapter, AdapterOptions } from '../adapter.ts';
import { openLink } from './link.ts';
import { planPolls } from './plan.ts';
import { pointsOf } from './point.ts';
import { createPoll } from './poller.ts';
import type { ModbusSource } from './schema.ts';
import { createUnits } from './units.ts';

/** Missed polls are logged at most this often (ms). */
const LOG_MISSED_EVERY = 60_000;

/** One TCP connection, with one request at a time. The poll rates take turns, so polls never pile up. */
export function modbusAdapter(options: AdapterOptions<ModbusSource>): Adapter {
  const { config, clock, log, name } = options;

  return {
    async run(sink, signal) {
      try {
        const link = await openLink(config, signal);
        // A close ends the wait for an answer, and the wait of a pause.
        const close = () => void link.close();
        signal.addEventListener('abort', close, { once: true });
        try {
          const { host, port, pause } = config;
          const points = pointsOf(config);
          const options = {
            source: name,
            address: `${host}:${port}`,
            pause,
            mostRegisters: config.max_registers,
            points,
            clock,
            log,
            link,
            sink,
          };
          const units = createUnits(options);
          const started = clock.now();
          const rates = planPolls(points, config.max_gap, config.max_registers).map(({ every, reads }) => ({
            every,
            due: started,
            poll: createPoll(options, units, reads),
          }));
          let missed = 0;
          let loggedAt = started;
          for (;;) {
            const next = rates.reduce((a, b) => (b.due < a.due ? b : a));
            const wait = next.due - clock.now();
            if (wait > 0) await sleep(clock, wait, link.lost);
            link.lost.throwIfAborted();
            await next.poll();
            const behind = Math.max(0, Math.floor((clock.now() - next.due) / next.every));
            next.due += (behind + 1) * next.every;
            missed += behind;
            if (missed > 0 && clock.now() - loggedAt >= LOG_MISSED_EVERY) {
              log.warn(
                { source: name, missed },
                'Modbus polls are skipped: the device answers more slowly than poll demands',
              );
              missed = 0;
              loggedAt = clock.now();
            }
          }
        } finally {
          signal.removeEventListener('abort', close);
          await link.close();
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}
