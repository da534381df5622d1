import type { SourceConfig } from '../adapters/registry.ts';
import { type ReadFile, unreadable } from './read-file.ts';
import type { Path } from './yaml-file.ts';

export type UnreadableCertificate = { readonly path: Path; readonly why: string };

type Named = {
  readonly l2l: { readonly ca?: string | undefined };
  readonly sources: Readonly<Record<string, SourceConfig>>;
};

/**
 * The files of certificates and keys that a config names and that this user can't read. They may appear later: a source reads them at
 * each connection.
 */
export function unreadableCertificates(config: Named, readFile: ReadFile): readonly UnreadableCertificate[] {
  return filesOf(config).flatMap(({ path, file }) => {
    try {
      readFile(file);
      return [];
    } catch (error) {
      return [{ path, why: unreadable(file, error) }];
    }
  });
}

function filesOf({ l2l, sources }: Named): { readonly path: Path; readonly file: string }[] {
  const named = [
    { path: ['l2l', 'ca'], file: l2l.ca },
    ...Object.entries(sources).flatMap(([source, config]) => {
      const tls = config.protocol === 'mqtt' ? config.tls : undefined;
      return (['ca', 'cert', 'key'] as const).map(key => ({ path: ['sources', source, 'tls', key], file: tls?.[key] }));
    }),
  ];
  return named.flatMap(({ path, file }) => (file === undefined ? [] : [{ path, file }]));
}
