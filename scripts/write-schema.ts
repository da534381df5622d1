/** Writes config/gateway.schema.json from the schemas the loader uses: `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from '../src/config/json-schema.ts';

const file = join(import.meta.dirname, '..', 'config', 'gateway.schema.json');
writeFileSync(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
console.log('config/gateway.schema.json is up to date');
