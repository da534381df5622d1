import { userInfo } from 'node:os';
import { type Decided, type Decision, LARGEST_PAGE } from '../../core/history.ts';
import { EXIT, type Io, UsageError } from '../command.ts';
import { readArguments } from './arguments.ts';
import { refuseUnknown } from './known-names.ts';
import type { Link } from './link.ts';
import { withGateway } from './source.ts';
import { oneLine } from './table.ts';

/** `queue retry` and `queue drop`: one answer a line, exit code 1 when something asked for was not done. */
export async function decide(kind: Decision['kind'], args: readonly string[], io: Io): Promise<number> {
  const { gateway, ids, values } =
    kind === 'retry'
      ? readArguments(args, ['all', 'rule', 'product', 'as-rule', 'yes', 'why'], 'many')
      : readArguments(args, ['yes', 'why'], 'many');
  const { all = false, rule, product, yes = false, why, 'as-rule': asRule = false } = values;
  if (all === ids.length > 0) {
    throw new UsageError(
      kind === 'retry' ? `write the numbers to retry, or --all` : 'write the numbers of what is to be dropped',
    );
  }
  if (product !== undefined && all)
    throw new UsageError('--product goes with numbers: not every set is of one product');
  if (product !== undefined && asRule)
    throw new UsageError('--product and --as-rule both name the product: write one of them');
  if (product?.trim() === '') throw new UsageError('--product: write the code of the product, as L2L has it');
  if (rule !== undefined && !all) throw new UsageError('--rule goes with --all');
  return withGateway(gateway, io, async (link, { inConfig }) => {
    await refuseUnknown({ reader: link, inConfig }, rule === undefined ? {} : { rule }, io.signal);
    const says = {
      ...(why !== undefined && { why }),
      ...(product !== undefined && { product: product.trim() }),
      ...(asRule && { asRule }),
    };
    const say = { kind, who: whoAsks(io), ...says, confirmed: yes };
    let undone = 0;
    let count = 0;
    for await (const id of all ? deadLetters(link, rule) : ids) {
      if (io.signal.aborted) return EXIT.failed;
      count += 1;
      if (!(await one(link, { ...say, id }, io))) undone += 1;
    }
    if (count === 0) io.out(`there is no dead letter${rule === undefined ? '' : ` of rule ${rule}`}`);
    return undone === 0 ? EXIT.ok : EXIT.failed;
  });
}

/** Whether it is done, or was already. */
async function one(link: Link, decision: Decision, io: Io): Promise<boolean> {
  let decided: Decided = await link.decide(decision);
  if (decided.kind === 'ask') {
    const question = `${decision.id}: ${oneLine(decided.words)}`;
    if (!io.ask) {
      io.err(`${question}. Nothing was done: run the command again with --yes if that is true`);
      return false;
    }
    const answer = await io.ask(`${question}. Go on? [y/N] `);
    if (!/^y(?:es)?$/i.test(answer.trim())) {
      io.err(`${decision.id}: nothing was done`);
      return false;
    }
    decided = await link.decide({ ...decision, confirmed: true });
  }
  const done = decided.kind === 'done' || decided.kind === 'already';
  const others = decided.ids.filter(id => id !== decision.id);
  const together =
    others.length === 0 ? '' : ` (with ${others.slice(0, 10).join(', ')}${others.length > 10 ? ', …' : ''})`;
  (done ? io.out : io.err)(`${decision.id}: ${oneLine(decided.words)}${together}`);
  return done;
}

/** Every dead letter, oldest first. Parked ones are never among them: each of those is a question of its own. */
async function* deadLetters(link: Link, rule: string | undefined): AsyncGenerator<number> {
  let after: number | null = 0;
  while (after !== null) {
    const page: Awaited<ReturnType<Link['page']>> = await link.page({
      states: ['dead'],
      ...(rule !== undefined && { rule }),
      after,
      limit: LARGEST_PAGE,
    });
    for (const { id } of page.entries) yield id;
    after = page.next;
  }
}

/** Kept with the decision. Behind sudo it is who called sudo. */
function whoAsks({ env }: Io): string {
  return env.SUDO_USER || userInfo().username;
}
