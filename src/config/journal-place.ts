import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import type { KnownNames } from '../core/history.ts';
import { RULE_TARGETS } from '../rules/about-rules.ts';
import { Gateway } from './gateway-schema.ts';
import { L2l } from './l2l-schema.ts';
import { textOfFile } from './load.ts';
import type { ReadFile } from './read-file.ts';
import { type SchemaReader, schemaReader } from './read-schema.ts';
import { type Environment, references } from './references.ts';
import { parseYamlFile, type YamlFile } from './yaml-file.ts';

/** What a config says about where its journal is and how to read it. */
export type JournalPlace = {
  /** Absolute. */
  readonly dataFolder: string;
  /** Name of the gateway; null: the config does not give it. */
  readonly name: string | null;
  /** IANA name of the site's time zone; null: the config does not give it. */
  readonly timezone: string | null;
  /** Where the gateway sends, as its journal names it; null: the config does not give it. */
  readonly destination: string | null;
  /** Of its rules, as far as they can be read; null: no config was read. */
  readonly names: KnownNames | null;
};

/**
 * Reads only these of a config: the rest may be wrong, and no key has to be in the environment. Throws a ConfigError when the file
 * can't be read or does not say where the journal is.
 */
export function readJournalPlace(file: string, env: Environment, readFile: ReadFile): JournalPlace {
  const yaml = parseYamlFile(file, textOfFile(file, readFile));
  if (yaml.problems.length > 0) throw new ConfigError(yaml.problems);
  const reader = schemaReader(yaml, references(file, env, readFile));
  const data = reader.read(Gateway.shape.data, ['gateway', 'data']);
  if ('problems' in data) throw new ConfigError(data.problems);
  if (data.value.includes('${')) {
    const place = yaml.placeOf(['gateway', 'data']);
    const message = `${data.value} leads nowhere in this environment; set it as for the gateway, or name its data folder with --data`;
    throw new ConfigError([{ place, message }]);
  }
  const name = reader.read(Gateway.shape.name, ['gateway', 'name']);
  const timezone = reader.read(L2l.shape.timezone, ['l2l', 'timezone']);
  const url = reader.read(L2l.shape.url, ['l2l', 'url']);
  const site = reader.read(L2l.shape.site, ['l2l', 'site']);
  return {
    dataFolder: resolve(data.value),
    name: 'value' in name ? name.value : null,
    timezone: 'value' in timezone ? timezone.value : null,
    destination: 'value' in url && 'value' in site ? destinationOf({ url: url.value, site: site.value }) : null,
    names: namesIn(yaml, reader),
  };
}

function namesIn(yaml: YamlFile, reader: SchemaReader): KnownNames {
  const rules = yaml.keys(['rules']);
  const machines = rules.flatMap(rule =>
    RULE_TARGETS.flatMap(({ kind, target: key }) => {
      const path = ['rules', rule, kind, key];
      if (!yaml.keys(path.slice(0, -1)).includes(key)) return [];
      const code = reader.read(z.string(), path);
      return 'value' in code ? [code.value] : [];
    }),
  );
  return { rules, machines: [...new Set(machines)] };
}

/** How a journal names where its actions are to be sent. */
export function destinationOf({ url, site }: Pick<L2l, 'url' | 'site'>): string {
  return `${url} site ${site}`;
}
