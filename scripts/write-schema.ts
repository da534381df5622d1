/** Writes the files that are made from the config's schemas, config/gateway.schema.json and docs/configuration.md: `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { configurationPage } from './configuration-page.ts';

const root = join(import.meta.dirname, '..');
writeFileSync(join(root, 'config/gateway.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
writeFileSync(join(root, 'docs/configuration.md'), configurationPage());
console.log('config/gateway.schema.json and docs/configuration.md are up to date');
