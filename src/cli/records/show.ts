import { EXIT, type Io } from '../command.ts';
import { readArguments } from './arguments.ts';
import { toLine } from './json-line.ts';
import { page } from './page.ts';
import { withHistory } from './source.ts';

/** `queue show` and `journal show`. */
export async function show(args: readonly string[], io: Io): Promise<number> {
  const { gateway, ids, values } = readArguments(args, ['json'], 'one');
  return withHistory(gateway, io, async source => {
    const { reader, times, commandLine } = source;
    const action = await reader.action(ids[0] ?? 0);
    if (!action) {
      io.err(`the journal has no action ${ids[0]}; this shows the numbers: ${commandLine('journal list')}`);
      return EXIT.failed;
    }
    io.out(values.json ? toLine(action, times) : page(action, source, io.columns).join('\n'));
    return EXIT.ok;
  });
}
