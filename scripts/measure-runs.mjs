// How long 10,000 runs take to list: without an index, and with one. Needs a build.
//   node scripts/measure-runs.mjs [runs]
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { experimentFromObject, listRuns, train } from '../dist/src/index.js';

const count = Number(process.argv[2] ?? 10_000);
const place = mkdtempSync(path.join(tmpdir(), 'gradloom-measure-'));
try {
  const data = { source: { type: 'synthetic', kind: 'blobs' } };
  const tree = { data, model: { layers: [{ type: 'dense', units: 3 }] }, train: { epochs: 2 }, track: { dir: place } };
  const { directory } = await train(experimentFromObject(tree)).result;
  const runs = path.join(place, 'many');
  mkdirSync(runs);
  for (let i = 0; i < count; i++) {
    const id = `run-20260101-000000-${i.toString(16).padStart(6, '0')}`;
    for (const name of ['config.yaml', 'summary.json', 'env.json']) cpSync(path.join(directory, name), path.join(runs, id, name));
  }
  for (const title of ['without an index', 'with an index', 'with an index', 'with an index']) {
    const start = performance.now();
    const { length } = await listRuns(runs);
    console.log(`${length} runs ${title}: ${(performance.now() - start).toFixed(0)} ms`);
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
