import { EXIT, type Io } from '../command.ts';
import { readArguments } from './arguments.ts';
import { toLine } from './json-line.ts';
import { page } from './page.ts';
import { withHistory } from './source.ts';

/** `queue show` and `journal show`. */
export async function show(args: readonly string[], io: Io): Promise<number> {
  const { whose, ids, values } = readArguments(args, ['json'], 'one');
  return withHistory(whose, io, async ({ reader, times }) => {
    const action = await reader.action(ids[0] ?? 0);
    if (!action) {
      io.err(`the journal has no action ${ids[0]}; queue list and journal list show the numbers`);
      return EXIT.failed;
    }
    io.out(values.json ? toLine(action, times) : page(action, times, io.columns).join('\n'));
    return EXIT.ok;
  });
}
