import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a process uses, read from the kernel and not from the process. */
export type Usage = {
  readonly pid: number;
  /** CPU seconds used so far: user and system, all threads. */
  cpu(): number;
  /** Resident memory at this moment, in bytes. */
  memory(): number;
  /** Highest resident memory so far, in bytes. */
  peak(): number;
};

/** A program that is measured. */
export type Program = Usage & {
  /** Resolves with the first line of its output that `matches`. Rejects when the program ends before that. */
  line(matches: (line: string) => boolean): Promise<string>;
  stop(): Promise<void>;
};

/** A process of the bench itself (publisher, sink). It gets one question after the other. */
export type Helper<Ask, Answer> = Usage & {
  ask(question: Ask): Promise<Answer>;
  stop(): Promise<void>;
};

const TICKS_PER_SECOND = 100;
const PATIENCE = 15_000;
const OUTPUT_KEPT = 200;
const started = new Set<ChildProcess>();

/** Starts a program and keeps the last lines of its output. */
export function startProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = keep(spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] }));
  const lines: string[] = [];
  const looking = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      for (const look of looking) look();
      lines.splice(0, lines.length - OUTPUT_KEPT);
    });
  }
  const gone = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`${command} ended with ${code}:\n${lines.slice(-20).join('\n')}`)));
  });
  // When nobody waits for a line, the end of the program is no failure.
  gone.catch(() => {});
  const lineOf = (matches: (line: string) => boolean) =>
    new Promise<string>(resolve => {
      const look = () => {
        const found = lines.find(matches);
        if (found === undefined) return;
        looking.delete(look);
        resolve(found);
      };
      looking.add(look);
      look();
    });
  return {
    ...usageOf(child.pid ?? 0),
    stop: () => stopChild(child),
    line: matches => Promise.race([lineOf(matches), gone]),
  };
}

/** Starts a script of this folder that answers questions over IPC. It ends with the bench, however the bench ends. */
export function startHelper<Ask extends object, Answer>(
  script: string,
  args: readonly string[] = [],
): Helper<Ask, Answer> {
  const child = keep(fork(join(import.meta.dirname, script), args, { serialization: 'advanced' }));
  const gone = new Promise<never>((_, reject) => {
    child.once('exit', () => reject(new Error(`${script} ended in the middle of a measurement`)));
  });
  // After the last answer, the end of the process is no failure.
  gone.catch(() => {});
  return {
    ...usageOf(child.pid ?? 0),
    stop: () => stopChild(child),
    async ask(question) {
      const answered = once(child, 'message');
      child.send(question);
      const [answer] = (await Promise.race([answered, gone])) as [Answer | { readonly error: string }];
      if (typeof answer === 'object' && answer !== null && 'error' in answer)
        throw new Error(`${script}: ${answer.error}`);
      return answer as Answer;
    },
  };
}

/** Ends everything that still runs: at the end of the bench, and at Ctrl-C. */
export async function stopAll(): Promise<void> {
  await Promise.all([...started].map(stopChild));
}

export function usageOf(pid: number): Usage {
  return {
    pid,
    cpu() {
      // Fields 14 and 15 of stat. They are counted from the name in brackets, because the name may hold spaces.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    memory: () => statusBytes(pid, 'VmRSS'),
    peak: () => statusBytes(pid, 'VmHWM'),
  };
}

/** Finds the processes of this name that `pid` started, directly or through others. */
export function descendant(pid: number, name: string): Usage | undefined {
  const parents = new Map<number, number>();
  const names = new Map<number, string>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      names.set(Number(entry), stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')));
    } catch {
      // The process ended after it was listed.
    }
  }
  for (const [candidate, its] of names) {
    if (its !== name) continue;
    for (let up = parents.get(candidate); up !== undefined && up > 1; up = parents.get(up)) {
      if (up === pid) return usageOf(candidate);
    }
  }
  return undefined;
}

/** Returns the share of one core that the process used between two readings, in percent. */
export function startCpu(usage: Usage): () => number {
  const before = usage.cpu();
  const began = performance.now();
  return () => ((usage.cpu() - before) / (performance.now() - began)) * 100_000;
}

function keep(child: ChildProcess): ChildProcess {
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await gone;
  clearTimeout(timer);
}

function statusBytes(pid: number, field: string): number {
  const kilobytes = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
