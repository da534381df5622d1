import type { LoadedConfig } from '../config/load.ts';
import { systemClock } from '../core/clock.ts';
import { silentLogger } from '../core/logger.ts';
import type { CheckResult } from '../core/online-check.ts';
import { createClient } from '../l2l/client.ts';
import { checkOnline } from '../l2l/online-check.ts';
import { openCheckFile } from './check-file.ts';
import { clientOptions, onlineOptions } from './connect-l2l.ts';

/** Asks L2L about a config without a gateway, and keeps the answer where the gateway keeps it. */
export async function askOnline(loaded: LoadedConfig, signal: AbortSignal): Promise<CheckResult> {
  if (loaded.config.l2l.reads === 'never')
    return { kind: 'no answer', detail: 'the config says l2l.reads: never, so L2L is not asked' };
  const clock = systemClock();
  const client = createClient(clientOptions(loaded, clock, silentLogger, null));
  try {
    const result = await checkOnline(onlineOptions(loaded, client, clock), signal);
    // Before the first start there is no data folder yet, and a person may lack the right to write there. The answer is shown all the same.
    if (result.kind === 'checked') openCheckFile(loaded.dataFolder).write(result.check);
    return result;
  } finally {
    await client.close();
  }
}
