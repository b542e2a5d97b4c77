// Every memory plan and every kernel call of every rank, as hashes: two compilers of steps are the same where their outputs are.
// usage: node scripts/dump-programs.mjs DIST OUT.jsonl    DIST: a build; CASES=400 random experiments beside the files of configs
import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const [dist, out] = process.argv.slice(2);
if (dist === undefined || out === undefined) throw new Error('usage: node scripts/dump-programs.mjs DIST OUT.jsonl');

/** The first of some modules that this build has. */
async function load(...names) {
  for (const name of names) {
    try {
      return await import(path.resolve(dist, name));
    } catch (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(`${dist} has none of ${names.join(', ')}`);
}

const { experimentFromObject, loadExperiment } = await load('src/config/load.js');
const { loadDataset } = await load('src/data/load.js');
const { planEngine } = await load('src/engine/plan.js');
const { evalBatchRows } = await load('src/engine/memory.js');
const { makeSamples, Dice } = await load('test/engine/samples.js');
const compiler = await load('src/engine/program.js', 'src/engine/lower.js');
const compile = compiler.compileProgram ?? compiler.lowerProgram;

/** The kinds of batch that a run of the plan has, and some that it might. */
function batchKeys({ batches, experiment, memory }) {
  const { batchRows } = batches;
  const keys = [{ kind: 'full', batchRows, stepRow: 0, averaged: false }];
  if (batches.batchesPerStep > 1) keys.push({ kind: 'full', batchRows, stepRow: batchRows, averaged: false });
  for (const rows of new Set([1, Math.max(1, batchRows - 1), Math.ceil(batchRows / 3)]))
    keys.push({ kind: 'last', batchRows: rows, stepRow: 0, averaged: false });
  const size = evalBatchRows(experiment, 37);
  for (const rows of new Set([size, 1, Math.ceil(size / 2)]))
    for (const averaged of memory.averages.length > 0 ? [false, true] : [false])
      keys.push({ kind: 'evaluate', batchRows: rows, stepRow: 0, averaged });
  return keys;
}

/** Every region of a plan by its address, whatever the shape of the plan. */
function regionsOf(value, regions = new Map()) {
  if (typeof value !== 'object' || value === null) return regions;
  const { at, bytes } = value;
  if (typeof at === 'number' && typeof bytes === 'number' && bytes > 0) regions.set(`${at}+${bytes}`, [at, bytes]);
  for (const child of Object.values(value)) regionsOf(child, regions);
  return regions;
}

function programOf(plan, rank, key) {
  const { rows, leaves, phases, slice, afterwards, activity, tables } = compile(plan, rank, key);
  // The epilogue `identity` ignores its slope.
  const still = (calls) =>
    calls.map(({ kernel, args }) => ({ kernel, args: kernel === 'dense_forward' && args[7] === 0 ? args.with(8, 0) : args }));
  return { rows, leaves, phases: phases.map(still), slice, afterwards, activity, tables };
}

const lines = [];

function record(title, experiment, dataset) {
  for (const workers of [1, 2, 3, 7]) {
    if (workers > experiment.numerics.leaves) continue;
    let result;
    try {
      const plan = planEngine(experiment, dataset, workers, 20);
      const { memory } = plan;
      const ranks = Array.from({ length: workers }, (_, rank) => rank);
      result = {
        regions: [...regionsOf(memory).values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]),
        bytes: memory.bytes,
        pages: memory.pages,
        nodes: memory.nodes,
        programs: batchKeys(plan).map((key) => ranks.map((rank) => programOf(plan, rank, key))),
      };
    } catch (error) {
      result = { error: `${error.code ?? error.name}: ${error.message}` };
    }
    const hash = createHash('sha256').update(JSON.stringify(result)).digest('hex');
    const calls = result.programs?.flat().reduce((sum, { phases, slice }) => sum + phases.flat().length + slice.length, 0);
    lines.push(JSON.stringify({ title, workers, hash, calls: calls ?? result.error }));
  }
}

function randomLayers(dice, features, outputs) {
  let width = features;
  const layer = (units) => {
    const norm = [{ batch_norm: true }, { batch_norm: { scope: 'leaf', eps: 0.01, momentum: 0.3 } }, { layer_norm: true }, {}][
      dice.int(0, 3)
    ];
    const dense = {
      type: 'dense',
      units,
      activation: dice.pick(['identity', 'relu', 'leaky_relu', 'sigmoid', 'tanh', 'gelu']),
      ...norm,
      ...(dice.next() < 0.35 && { dropout: dice.pick([0.1, 0.5]) }),
      ...(dice.next() < 0.35 && units === width && { residual: true }),
    };
    width = units;
    return dense;
  };
  const hidden = Array.from({ length: dice.int(0, 4) }, () => layer(dice.next() < 0.5 ? width : dice.int(1, 300)));
  return [...hidden, dice.next() < 0.7 ? { type: 'dense', units: outputs } : layer(outputs)];
}

/** An experiment that may be wrong, and the shape of its data. */
function randomCase(dice) {
  const loss = dice.pick(['softmax_cross_entropy', 'sigmoid_cross_entropy', 'mse', 'huber', 'mae']);
  const outputs = dice.int(loss === 'softmax_cross_entropy' ? 1 : 2, 12);
  const isClass = loss === 'softmax_cross_entropy' || dice.next() < 0.4;
  const features = dice.int(1, 60);
  const layers = randomLayers(dice, features, outputs);
  const train = dice.int(1, 90);
  const engine = dice.pick(['wasm', 'wasm', 'wasm-fma', 'blas']);
  const experiment = {
    seed: 1,
    data: { source: { type: 'synthetic', kind: 'blobs' }, shuffle: dice.pick(['none', 'epoch']) },
    model: { layers },
    loss: loss === 'softmax_cross_entropy' && dice.next() < 0.5 ? { type: loss, label_smoothing: 0.1 } : loss,
    metrics: isClass ? dice.pick([['accuracy'], ['accuracy', 'confusion', 'macro_f1'], []]) : dice.pick([[], ['rmse', 'r2']]),
    optimizer: dice.pick([
      { type: 'sgd', lr: 0.1 },
      { type: 'adam', lr: 0.01 },
      { type: 'lamb', lr: 0.01 },
    ]),
    regularization: dice.pick([{}, { clip_global_norm: 1 }, { max_norm: 2, l2: 0.1 }, { noise: { eta: 0.1 } }]),
    train: {
      batch_size: dice.next() < 0.3 ? 'full' : dice.int(1, train),
      steps: 7,
      accumulate: dice.pick([1, 1, 2, 3]),
      average: dice.pick(['none', 'none', 'ema']),
      eval: { on: 'none', batch_size: dice.int(1, 50) },
    },
    numerics: { leaves: dice.int(2, 24), engine },
    parallel: {
      exchange: engine === 'blas' ? 'auto' : dice.pick(['auto', 'gradients', 'factors']),
      skip_zeros: engine === 'blas' ? 'auto' : dice.pick(['auto', 'never', 'always']),
    },
  };
  const samples = {
    rows: { train, val: 37 },
    features,
    stored: dice.pick(['uint8', 'f32']),
    normalize: dice.pick(['unit', 'zscore']),
    target: isClass ? { classes: outputs } : { width: outputs },
    weighted: dice.next() < 0.3,
  };
  return { experiment, samples };
}

const configs = path.resolve(dist, '../configs');
for (const file of readdirSync(configs).filter((name) => name.endsWith('.yaml'))) {
  let loaded;
  let dataset;
  try {
    loaded = loadExperiment(path.join(configs, file));
    dataset = await loadDataset(loaded.experiment.data, loaded.experiment.seed);
  } catch (error) {
    // Sweeps, speedup files and files to extend are no experiments; data may not be here.
    lines.push(JSON.stringify({ title: file, invalid: error.code }));
    continue;
  }
  record(file, loaded.experiment, dataset);
}
for (let seed = 0; seed < Number(process.env.CASES ?? 400); seed++) {
  const { experiment, samples } = randomCase(new Dice(1000 + seed));
  try {
    record(`case ${seed}`, experimentFromObject(experiment).experiment, makeSamples({ ...samples, seed }));
  } catch (error) {
    lines.push(JSON.stringify({ title: `case ${seed}`, invalid: error.message }));
  }
}
writeFileSync(out, `${lines.join('\n')}\n`);
console.log(`${lines.length} plans and programs in ${out}`);
