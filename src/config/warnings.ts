import { floatCounterWarning } from '../adapters/float-counter.ts';
import type { SourceConfig } from '../adapters/registry.ts';
import type { Problem } from '../core/errors.ts';
import type { SignalDefinition } from '../core/sample.ts';
import { codesOfRule, countedTwice, ruleWarnings } from '../rules/about-rules.ts';
import type { CompiledRule } from '../rules/program.ts';
import type { UnreadableCertificate } from './certificate-files.ts';
import { mixedTopics, neverStale } from './signal-warnings.ts';
import { sharedBySources } from './source-clashes.ts';
import type { WithoutReads } from './without-reads.ts';
import type { Path, YamlFile } from './yaml-file.ts';

/** The parts of a valid config that are checked for what is rarely meant. */
export type Judged = {
  readonly sources: Readonly<Record<string, SourceConfig>>;
  readonly signals: ReadonlyMap<string, SignalDefinition>;
  readonly rules: readonly CompiledRule[];
  readonly certificates: readonly UnreadableCertificate[];
  /** Whether L2L adds production to cycle counts; left out: the config does not say. */
  readonly cyclesFromProduction?: boolean | undefined;
  readonly unread: WithoutReads;
};

/** One thing that a person should look at, with the path of its key. */
type Warning = { readonly path: Path; readonly message: (yaml: YamlFile) => string };

/** How many warnings of one kind are shown: a thousand lines would hide the others. */
const SHOWN = 5;

/** All warnings. A config with warnings is valid. */
export function warningsOf(judged: Judged, yaml: YamlFile): readonly Problem[] {
  const kinds = [
    ...aboutRules(judged),
    withoutStaleAfter(judged),
    mixed(judged),
    floatCounters(judged),
    shared(judged),
    certificates(judged),
    twice(judged),
    // Each says something else, so none is cut off.
    ...judged.unread.weaker.map(({ path, message }) => [{ path, message: () => message }]),
  ];
  return kinds.flatMap(warnings => shownOf(warnings, yaml));
}

function shownOf(warnings: readonly Warning[], yaml: YamlFile): Problem[] {
  const shown = warnings.slice(0, SHOWN);
  const rest = warnings.length - shown.length;
  return shown.map(({ path, message }, index) => {
    const more = rest > 0 && index === SHOWN - 1 ? `; the same holds for ${rest} more further down` : '';
    return { place: yaml.keyPlaceOf(path), message: `${message(yaml)}${more}` };
  });
}

/** A list for each kind of rule. */
function aboutRules({ rules }: Judged): readonly Warning[][] {
  return ruleWarnings(rules).map(warnings =>
    warnings.map(({ rule, warning: { key, message } }) => ({ path: ['rules', rule, ...key], message: () => message })),
  );
}

function withoutStaleAfter({ sources }: Judged): Warning[] {
  return Object.entries(sources).flatMap(([source, config]) =>
    neverStale(config).map(signal => ({
      path: ['sources', source, 'signals', signal],
      message: () =>
        `${source}.${signal}: no stale_after is written; when the sender fails and the broker runs on, the last value counts as true for ever; write the longest time between two messages, such as stale_after: 10m, or stale_after: never`,
    })),
  );
}

function mixed({ sources }: Judged): Warning[] {
  return Object.entries(sources).flatMap(([source, config]) =>
    mixedTopics(config).map(({ signal, topic }) => ({
      path: ['sources', source, 'signals', signal],
      message: () =>
        `${source}.${signal}: ${topic} matches several topics, and their values mix in this one signal; write one whole topic, and a signal for each one that is needed`,
    })),
  );
}

function floatCounters({ sources }: Judged): Warning[] {
  return Object.entries(sources).flatMap(([source, config]) =>
    Object.entries(config.signals).flatMap(([name, signal]) => {
      const words = floatCounterWarning(signal);
      return words === undefined
        ? []
        : [{ path: ['sources', source, 'signals', name], message: () => `${source}.${name}: ${words}` }];
    }),
  );
}

function shared({ sources }: Judged): Warning[] {
  return sharedBySources(sources).map(({ path, other, message }) => ({
    path: ['sources', ...path],

    message: yaml => `${path.join('.')}: ${message} (line ${yaml.keyPlaceOf(['sources', ...other]).line})`,
  }));
}

function certificates({ certificates: unreadable }: Judged): Warning[] {
  return unreadable.map(({ path, why }) => ({ path, message: () => `${path.join('.')}: ${why}` }));
}

const SWITCH = '"Enable Machine Cycle Count Update From Production Actuals"';

function twice({ rules, cyclesFromProduction: isOn }: Judged): Warning[] {
  if (isOn === false) return [];
  return countedTwice(rules).map(({ counter, ofMachine: rule, ofLine }) => {
    const [{ machine }, { line }] = [codesOfRule(rule), codesOfRule(ofLine)];
    const both = `${counter} also counts the production of ${line} (rule ${ofLine.name})`;
    const words = isOn
      ? `${both}, and L2L adds production to the cycles of ${machine}: each part would count twice; take this rule out`
      : `${both}. When L2L adds production to the cycles of machines, each part counts twice: look at the setting ${SWITCH} of the Scheduler in L2L. If it is on, write cycles_from_production: true below l2l, and take this rule out; if it is off, write false`;
    return { path: ['rules', rule.name, rule.kind], message: () => `${rule.name}.${rule.kind}: ${words}` };
  });
}
