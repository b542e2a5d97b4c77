// Prints where everything lies in the shared memory of a run: address and bytes of each region, in their order.
// usage: npm run build && node scripts/memory-map.mjs [FILE] [WORKERS], by default configs/mnist.yaml and 2
import { loadExperiment } from '../dist/src/config/load.js';
import { loadDataset } from '../dist/src/data/load.js';
import { planEngine } from '../dist/src/engine/plan/plan.js';

const [file = 'configs/mnist.yaml', workers = '2'] = process.argv.slice(2);
const { experiment } = loadExperiment(file);
const plan = planEngine(experiment, await loadDataset(experiment), Number(workers));

const rows = regionsIn('', plan.memory).toSorted((a, b) => a.at - b.at);
const address = (value) => value.toLocaleString('en-US').padStart(10);
console.log('   address       bytes  region');
for (const { at, bytes, name } of rows) console.log(`${address(at)}  ${address(bytes)}  ${name}`);
console.log(`${address(plan.memory.bytes)}              end: ${plan.memory.pages} pages of 64 KiB`);

/** Every region of a plan that is not empty, once: tensors that share a place have all their names. */
function regionsIn(name, value) {
  if (typeof value !== 'object' || value === null) return [];
  if (typeof value.at === 'number') return value.bytes > 0 ? [{ ...value, name }] : [];
  const found = Object.entries(value).flatMap(([key, part]) => regionsIn(name === '' ? key : `${name}.${key}`, part));
  const byAddress = new Map();
  for (const region of found) {
    const known = byAddress.get(region.at);
    if (known === undefined) byAddress.set(region.at, region);
    else known.name += `, ${region.name}`;
  }
  return [...byAddress.values()];
}
