// Writes the JSON Schema that the first line of every experiment file points editors to. Part of `npm run build`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { experimentJsonSchema } from '../dist/src/index.js';

const folder = new URL('../configs/schema/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('experiment.json', folder), `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`);
