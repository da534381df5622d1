import type { Program } from '../program.ts';
import { type RuleReferences, referencesOf } from '../references.ts';
import { createSignalCell, createSourceCell, type SignalCell, type SourceCell } from './signal-table.ts';

/** The connections of a rule to other rules and to signals. Rules are named by their index in the program. */
export type RuleNode = {
  readonly references: RuleReferences;
  /** Rules that read `rule.active` of this one. */
  readonly readers: readonly number[];
  /** Rules whose `rule.active` it reads, directly or through others, in ascending order. */
  readonly upstream: readonly number[];
  /** The signal whose clock it goes by: its counter, or the first signal of its condition. */
  readonly leader: SignalCell | undefined;
};

/** The index of the engine: sources and signals by name, rules by index. */
export type RuleGraph = {
  readonly sources: ReadonlyMap<string, SourceCell>;
  readonly cells: ReadonlyMap<string, SignalCell>;
  readonly indexes: ReadonlyMap<string, number>;
  readonly nodes: readonly RuleNode[];
};

/** The cells of all signals and sources of the program, with the rules that read each. Made once. */
export function createRuleGraph(program: Program): RuleGraph {
  const sources = new Map<string, SourceCell>();
  const cells = new Map<string, SignalCell>();
  const indexes = new Map(program.rules.map((rule, index) => [rule.name, index]));
  const readers: number[][] = program.rules.map(() => []);
  const nodes: RuleNode[] = [];

  for (const name of program.sources) sources.set(name, createSourceCell(name));
  for (const definition of program.signals.values()) {
    const source = sources.get(definition.source) ?? createSourceCell(definition.source);
    sources.set(definition.source, source);
    const cell = createSignalCell(definition, source);
    source.signals.push(cell);
    cells.set(definition.name, cell);
  }

  program.rules.forEach((rule, index) => {
    const references = referencesOf(rule);
    for (const name of references.conditions) cells.get(name)?.readers.push(index);
    for (const name of references.counters) cells.get(name)?.counters.push(index);
    for (const name of references.signals) cells.get(name)?.waiters.push(index);
    for (const name of references.sources) sources.get(name)?.readers.push(index);
    const before = new Set<number>();
    for (const name of references.rules) {
      const other = indexes.get(name);
      if (other === undefined || other === index) continue;
      readers[other]?.push(index);
      before.add(other);
      for (const further of nodes[other]?.upstream ?? []) before.add(further);
    }
    const [lead] = [...references.counters, ...references.conditions];
    const leader = lead === undefined ? undefined : cells.get(lead);
    leader?.followers.push(index);
    const upstream = [...before].sort((a, b) => a - b);
    nodes.push({ references, readers: readers[index] ?? [], upstream, leader });
    const held = new Set<SourceCell>();
    for (const node of [index, ...before].map(one => nodes[one])) {
      for (const name of node?.references.signals ?? []) {
        const source = cells.get(name)?.source;
        if (source) held.add(source);
      }
    }
    for (const source of held) source.holds.push(index);
  });
  return { sources, cells, indexes, nodes };
}
