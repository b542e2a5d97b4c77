// Writes the JSON Schemas that the first line of every file in configs points editors to. Part of `npm run build`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { experimentJsonSchema, speedupJsonSchema, sweepJsonSchema } from '../dist/src/index.js';

const folder = new URL('../configs/schema/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('experiment.json', folder), `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`);
writeFileSync(new URL('speedup.json', folder), `${JSON.stringify(speedupJsonSchema(), null, 2)}\n`);
writeFileSync(new URL('sweep.json', folder), `${JSON.stringify(sweepJsonSchema(), null, 2)}\n`);
