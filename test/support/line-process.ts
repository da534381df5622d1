import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A server in its own process that talks JSON lines: first its port, then its news, and one answer for every command. */
export interface LineProcess<Answer> {
  readonly port: number;
  send(command: object): Promise<Answer>;
  /** Makes it stand still: its connections stay open, and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Ends it at once, as in a power cut. */
  kill(): Promise<void>;
}

/** `install`: the advice that is shown when it does not start. */
export async function startLineProcess<Answer>(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly install: string;
  readonly onNews?: (news: Record<string, unknown>) => void;
}): Promise<LineProcess<Answer>> {
  const child: ChildProcess = spawn(options.command, options.args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr?.on('data', chunk => {
    errors += chunk;
  });
  const waiting: ((answer: Answer) => void)[] = [];
  const listening = Promise.withResolvers<number>();
  if (!child.stdout) throw new Error('the process has no stdout');
  createInterface({ input: child.stdout }).on('line', line => {
    const news = JSON.parse(line) as Record<string, unknown>;
    if (typeof news.port === 'number') listening.resolve(news.port);
    else if (news.done) waiting.shift()?.(news as Answer);
    else options.onNews?.(news);
  });
  void exited.then(() => listening.reject(new Error(`${options.install}\n${errors}`)));
  return {
    port: await listening.promise,
    send: command =>
      new Promise(resolve => {
        waiting.push(resolve);
        child.stdin?.write(`${JSON.stringify(command)}\n`);
      }),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
