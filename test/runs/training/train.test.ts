import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { experimentFromObject, loadExperiment } from '../../../src/config/load.ts';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { initialState } from '../../../src/model/initializers.ts';
import { buildNetwork } from '../../../src/model/network.ts';
import { readTensor } from '../../../src/model/parameters.ts';
import type { RunEvent, Summary } from '../../../src/runs/events.ts';
import { digestOf } from '../../../src/runs/files/digests.ts';
import type { Divergence } from '../../../src/runs/record/divergence.ts';
import { resume } from '../../../src/runs/training/resume.ts';
import { type TrainOptions, train } from '../../../src/runs/training/train.ts';
import { readSafetensors } from '../../../src/storage/safetensors.ts';
import { FAULTY_ENTRY } from '../../engine/support/faulty-engine.ts';
import type { Fault } from '../../engine/support/faulty-rank.ts';
import { epochOrder } from '../../engine/support/outcome.ts';
import { threadsLeft } from '../../engine/support/threads.ts';

interface Parts {
  layers?: object[];
  optimizer?: object;
  train?: object;
  track?: object;
  parallel?: object;
  data?: object;
  loss?: string;
}

function temporary(t: ExecutionContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-run-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function experimentIn(directory: string, parts: Parts = {}): Experiment {
  return experimentFromObject({
    name: 'small',
    seed: 5,
    data: {
      source: { type: 'synthetic', kind: 'blobs', samples: 240, features: 6, classes: 3, noise: 0.8 },
      normalize: 'zscore',
      ...parts.data,
    },
    model: {
      layers: parts.layers ?? [
        { type: 'dense', units: 9, activation: 'gelu' },
        { type: 'dense', units: 3 },
      ],
    },
    loss: parts.loss ?? 'softmax_cross_entropy',
    optimizer: { type: 'sgd', lr: 0.1, ...parts.optimizer },
    train: parts.train ?? { batch_size: 50, epochs: 3 },
    parallel: parts.parallel ?? { workers: 2 },
    track: { dir: directory, log_every: { steps: 2 }, ...parts.track },
  }).experiment;
}

/** Runs to the end; the summary also of a failed run. */
async function runIn(directory: string, parts: Parts = {}, options: TrainOptions = {}): Promise<Summary> {
  return train({ experiment: experimentIn(directory, parts) }, options).result;
}

const read = (summary: Summary, name: string): string => readFileSync(path.join(summary.directory!, name), 'utf8');
const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
/** The only run under a directory. */
function onlyRun(directory: string): string {
  const [id, ...others] = readdirSync(directory);
  if (id === undefined || others.length > 0) throw new Error(`expected one run, got ${[id, ...others].join(', ')}`);
  return path.join(directory, id);
}

test.serial(
  'a run leaves config.yaml, env.json, metrics.jsonl, digests.jsonl, preprocess.json, model.safetensors and summary.json, for its owner only',
  async (t) => {
    const directory = temporary(t);
    const summary = await runIn(directory);
    t.deepEqual(readdirSync(summary.directory!).sort(), [
      'checkpoints',
      'config.yaml',
      'digests.jsonl',
      'env.json',
      'lock',
      'metrics.jsonl',
      'model.safetensors',
      'preprocess.json',
      'summary.json',
    ]);
    t.is(statSync(summary.directory!).mode & 0o777, 0o700);
    for (const name of readdirSync(summary.directory!, { recursive: true, encoding: 'utf8' })) {
      const { mode } = statSync(path.join(summary.directory!, name));
      t.is(mode & 0o777, ['checkpoints', 'lock'].includes(name) ? 0o700 : 0o600, name);
    }
    t.deepEqual(json(read(summary, 'summary.json')), json(JSON.stringify(summary)));
    t.is(summary.status, 'finished');
    t.is(summary.directory, onlyRun(directory));
    t.is(summary.id, path.basename(summary.directory!));
    t.deepEqual([summary.steps, summary.epochs, summary.workers], [12, 3, 2]);
    t.true(summary.seconds > 0 && summary.samples_per_second > 0);
    const { compute, wait, reduce } = summary.phases;
    t.true(Math.abs(compute + wait + reduce - 1) < 1e-9);
    const env = json(read(summary, 'env.json'));
    for (const key of [
      'gradloom',
      'kernels',
      'node',
      'v8',
      'platform',
      'arch',
      'cpu',
      'memory_bytes',
      'cores',
      'workers',
      'git_commit',
      'started_at',
    ])
      t.true(key in env, key);
  },
);

test.serial('config.yaml runs again as it is, with the same digest and the same metrics', async (t) => {
  const first = await runIn(temporary(t), { train: { batch_size: 64, steps: 11, eval: { every: { steps: 4 } } } });
  const loaded = loadExperiment(path.join(first.directory!, 'config.yaml'), { overrides: [`track.dir=${temporary(t)}`] });
  const second = await train(loaded).result;
  t.is(second.digest, first.digest);
  t.is(read(second, 'metrics.jsonl'), read(first, 'metrics.jsonl'));
});

test.serial('N6 digest and metrics.jsonl are byte-equal for workers 1, 3 and 7', async (t) => {
  const parts = { train: { batch_size: 48, epochs: 4, eval: { every: { steps: 3 }, batch_size: 10 } }, track: { log_every: { steps: 1 } } };
  const one = await runIn(temporary(t), { ...parts, parallel: { workers: 1 } });
  for (const workers of [3, 7]) {
    const many = await runIn(temporary(t), { ...parts, parallel: { workers } });
    t.is(many.digest, one.digest);
    t.is(read(many, 'metrics.jsonl'), read(one, 'metrics.jsonl'));
    t.deepEqual(many.best, one.best);
    t.deepEqual(many.last, one.last);
  }
});

test.serial("model.safetensors holds the network by PyTorch's names, and as an init file has the digest of the summary", async (t) => {
  const directory = temporary(t);
  const summary = await runIn(directory);
  const file = path.join(summary.directory!, 'model.safetensors');
  const { tensors, metadata } = readSafetensors(file);
  t.deepEqual([...tensors.keys()], ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias']);
  t.deepEqual(tensors.get('layers.0.weight')!.shape, [9, 6]);
  t.is(metadata['format'], 'pt');
  const network = buildNetwork(experimentIn(directory), [6]);
  const { parameters: vector } = initialState(network, { init: { type: 'file', path: file } }, 0);
  t.is(digestOf(network.parameters.map((tensor) => readTensor(vector, tensor))), summary.digest);
});

test.serial('a run continued from a model file of k steps goes on as the straight run did', async (t) => {
  const schedule = { batch_size: 'full', eval: { on: 'none' } };
  const data = { shuffle: 'none' };
  const straight = await runIn(temporary(t), { data, train: { ...schedule, steps: 9 } });
  const first = await runIn(temporary(t), { data, train: { ...schedule, steps: 4 } });
  const experiment = experimentIn(temporary(t), { data, train: { ...schedule, steps: 5 } });
  experiment.model.init = { type: 'file', path: path.join(first.directory!, 'model.safetensors') };
  t.is((await train({ experiment }).result).digest, straight.digest);
});

test.serial(
  'events come in order: start, metrics, epochs with their evaluation, end; and whoever iterates may ignore the result',
  async (t) => {
    const events: RunEvent[] = [];
    const run = train({ experiment: experimentIn(temporary(t)) });
    for await (const event of run) events.push(event);
    t.is(events[0]!.type, 'start');
    t.is(events.at(-1).type, 'end');
    const epochs = events.filter((event) => event.type === 'epoch');
    t.deepEqual(
      epochs.map(({ epoch, step }) => [epoch, step]),
      [
        [1, 4],
        [2, 8],
        [3, 12],
      ],
    );
    for (const { evaluation } of epochs) t.is(evaluation?.split, 'val');
    const summary = await run.result;
    const lines = read(summary, 'metrics.jsonl').trimEnd().split('\n');
    t.deepEqual(
      lines.map((line) => json(line)),
      events.filter((event) => event.type === 'metrics').map(({ line }) => json(JSON.stringify(line))),
    );
  },
);

test.serial('metrics.jsonl has training losses every log_every steps, epochs, and evaluations of all splits at the end', async (t) => {
  const summary = await runIn(temporary(t), { train: { batch_size: 64, steps: 7, eval: { every: { steps: 3 } } } });
  const lines = read(summary, 'metrics.jsonl').trimEnd().split('\n').map(json);
  const having = (key: string): unknown[] => lines.filter((line) => key in line).map(({ step }) => step);
  t.deepEqual(having('train.loss'), [0, 2, 4, 6]);
  t.deepEqual(having('train.epoch_loss'), [3, 6]);
  t.deepEqual(having('val.loss'), [3, 6, 7]);
  t.deepEqual(having('test.loss'), [7]);
  t.deepEqual(having('train.eval_loss'), [7]);
});

test.serial('a dry run writes nothing and has the same digest', async (t) => {
  const directory = temporary(t);
  const wet = await runIn(directory);
  const dry = await runIn(path.join(directory, 'not-made'), {}, { dry: true });
  t.is(dry.directory, null);
  t.is(dry.digest, wet.digest);
  t.false(existsSync(path.join(directory, 'not-made')));
});

// ---- interruption --------------------------------------------------------------------------------------------------

test.serial('P3 an abort ends the run at a step boundary: status interrupted, model and metrics of exactly that many steps', async (t) => {
  t.timeout(60_000);
  const endless = { batch_size: 50, steps: 1_000_000, eval: { every: { steps: 100 } } };
  for (const lines of [1, 30, 200]) {
    const controller = new AbortController();
    const run = train({ experiment: experimentIn(temporary(t), { train: endless }) }, { signal: controller.signal });
    let seen = 0;
    for await (const { type } of run) if (type === 'metrics' && ++seen === lines) controller.abort();
    const summary = await run.result;
    t.is(summary.status, 'interrupted');
    t.true(summary.steps > 0 && summary.steps < 1_000_000);
    const straight = await runIn(temporary(t), { train: { ...endless, steps: summary.steps } });
    t.is(straight.status, 'finished');
    t.is(summary.digest, straight.digest);
    const [cut, whole] = [read(summary, 'metrics.jsonl'), read(straight, 'metrics.jsonl')];
    t.true(whole.startsWith(cut), 'what was written before is what a straight run writes');
    t.is(json(read(summary, 'summary.json'))['status'], 'interrupted');
  }
});

test.serial('P3 a signal that is aborted before the start still leaves a consistent run', async (t) => {
  const summary = await runIn(temporary(t), { train: { batch_size: 50, steps: 1000 } }, { signal: AbortSignal.abort() });
  t.is(summary.status, 'interrupted');
  const straight = await runIn(temporary(t), { train: { batch_size: 50, steps: summary.steps } });
  t.is(summary.digest, straight.digest);
});

// ---- divergence ----------------------------------------------------------------------------------------------------

const divergenceIn = (run: string): Divergence => JSON.parse(readFileSync(path.join(run, 'diverged.json'), 'utf8')) as Divergence;

async function divergingIn(t: ExecutionContext, parts: Parts): Promise<{ error: GradloomError; summary: Summary; divergence: Divergence }> {
  const directory = temporary(t);
  const error = await t.throwsAsync(runIn(directory, parts), { instanceOf: GradloomError });
  const run = onlyRun(directory);
  t.is(error.code, 'E_DIVERGED');
  t.is(error.exitCode, EXIT.diverged);
  const summary = json(readFileSync(path.join(run, 'summary.json'), 'utf8')) as unknown as Summary;
  t.is(summary.status, 'diverged');
  t.is(summary.error!.code, 'E_DIVERGED');
  t.is(error.where, `step ${summary.steps}`);
  t.true(error.kept!.startsWith(`${run}, metrics up to step ${summary.steps}`));
  t.regex(error.next!, /optimizer\.lr/);
  const divergence = divergenceIn(run);
  t.is(divergence.step, summary.steps);
  t.deepEqual(
    divergence.recent.map(({ step }) => step),
    Array.from({ length: summary.steps }, (_, step) => step).slice(-50),
  );
  return { error, summary, divergence };
}

const linear = {
  data: { source: { type: 'synthetic', kind: 'linear', samples: 200, features: 5, classes: 2 } },
  layers: [
    { type: 'dense', units: 8 },
    { type: 'dense', units: 2 },
  ],
  loss: 'mse',
};

const wild = { batch_size: 50, steps: 500 };
const unlimited = { ...wild, max_loss_ratio: 0 };

for (const { title, cause, parts } of [
  { title: 'mse, lr 1e6', cause: 'explosion', parts: { ...linear, optimizer: { lr: 1e6 }, train: wild } },
  { title: 'mse, lr 3', cause: 'explosion', parts: { ...linear, optimizer: { lr: 3 }, train: wild } },
  { title: 'softmax, lr 1e30', cause: 'loss', parts: { optimizer: { lr: 1e30 }, train: wild } },
  { title: 'mse, lr 1e6, any loss', cause: 'loss', parts: { ...linear, optimizer: { lr: 1e6 }, train: unlimited } },
  { title: 'mse, lr 3, any loss', cause: 'loss', parts: { ...linear, optimizer: { lr: 3 }, train: unlimited } },
] as const) {
  test.serial(`N5 ${title}: exit 80, status diverged, and the model of the steps before the failed one`, async (t) => {
    const { error, summary, divergence } = await divergingIn(t, parts);
    t.is(divergence.cause, cause);
    t.is(cause === 'loss', !Number.isFinite(Number(divergence.loss)), divergence.loss);
    t.is(divergence.gradient === null, cause === 'explosion');
    t.regex(
      error.message,
      cause === 'explosion' ? /^the loss rose to .*, above the limit that train\.max_loss_ratio sets$/ : /became (NaN|-?Infinity)$/,
    );
    const { tensors } = readSafetensors(path.join(summary.directory!, 'model.safetensors'));
    for (const [name, { data }] of tensors) {
      const values = new Float32Array(data.slice().buffer);
      t.true(values.every(Number.isFinite), `${name} is not poisoned`);
    }
    if (summary.steps === 0) return;
    const straight = await runIn(
      temporary(t),
      { ...parts, train: { ...parts.train, steps: summary.steps, eval: { on: 'none' } } },
      { dry: true },
    ).catch(() => undefined);
    if (straight !== undefined) t.is(summary.digest, straight.digest);
  });
}

/** Weights so large that the loss is finite (its squares are f64) and the gradient, which is f32, is not. */
const overflowing: Parts = {
  ...linear,
  layers: [
    { type: 'dense', units: 8, init: { type: 'normal', std: 1e18 } },
    { type: 'dense', units: 2, init: { type: 'normal', std: 1e18 } },
  ],
  train: { batch_size: 'full', steps: 5 },
};

test.serial('N3 a gradient that overflows while the loss is finite is found before it reaches the parameters', async (t) => {
  const { error, summary, divergence } = await divergingIn(t, overflowing);
  t.is(summary.steps, 0);
  const { tensors } = readSafetensors(path.join(summary.directory!, 'model.safetensors'));
  for (const { data } of tensors.values()) t.true(new Float32Array(data.slice().buffer).every(Number.isFinite));
  t.like(divergence, { step: 0, epoch: 0, cause: 'gradient', samples: [], recent: [] });
  t.true(Number.isFinite(Number(divergence.loss)), divergence.loss);
  const { tensor, index, value } = divergence.gradient!;
  t.is(error.message, `the gradient of ${tensor}[${index}] became ${value}`);
  t.regex(value, /^(NaN|-?Infinity)$/);
});

/** Sample numbers of the rows [from, to) of the last batch of epoch 1 in `experimentIn`'s data. */
async function samplesOf(experiment: Experiment, [from, to]: readonly [number, number]): Promise<number[]> {
  const dataset = await loadDataset(experiment);
  return [...epochOrder(experiment, dataset, 1).subarray(150 + from, 150 + to)];
}

for (const { kernel, cause, gradient, rows } of [
  // 16 leaves of 42 rows: leaf 8, the first of worker 1, has the rows 21 and 22.
  { kernel: 'gelu_forward', cause: 'loss', gradient: { tensor: 'layers.0.weight', index: 0, value: 'NaN' }, rows: [21, 23] },
  { kernel: 'matmul_nt', cause: 'gradient', gradient: { tensor: 'layers.0.weight', index: 0, value: 'NaN' }, rows: [0, 0] },
  { kernel: 'dense_weight_gradient', cause: 'gradient', gradient: { tensor: 'layers.1.weight', index: 0, value: 'NaN' }, rows: [0, 0] },
] as const) {
  test.serial(`N3 a NaN written by ${kernel} of worker 1 at step 7 ends the run at step 7, with the parameters before it`, async (t) => {
    const directory = temporary(t);
    const fault: Fault = { kind: 'nan', rank: 1, step: 7, kernel };
    // With factors a rank's first gradient is of the first tensor in its slice.
    const parts = { train: { batch_size: 50, steps: 12, eval: { on: 'none' } }, parallel: { exchange: 'gradients' } };
    const options = { engine: { entry: FAULTY_ENTRY } };
    const error = await t.throwsAsync(runIn(directory, { ...parts, track: { notes: JSON.stringify(fault) } }, options), {
      instanceOf: GradloomError,
    });
    t.is(error.code, 'E_DIVERGED');
    t.is(error.where, 'step 7');
    const run = onlyRun(directory);
    const summary = json(readFileSync(path.join(run, 'summary.json'), 'utf8')) as unknown as Summary;
    const straight = await runIn(temporary(t), { ...parts, train: { ...parts.train, steps: 7 } });
    t.is(summary.digest, straight.digest);
    const divergence = divergenceIn(run);
    t.like(divergence, { step: 7, epoch: 1, cause, gradient, lr: 0.1 });
    t.is(Number.isNaN(Number(divergence.loss)), cause === 'loss', divergence.loss);
    t.deepEqual(divergence.samples, await samplesOf(experimentIn(directory, parts), rows));
    const logged = read(straight, 'metrics.jsonl')
      .trimEnd()
      .split('\n')
      .map(json)
      .filter((line) => 'train.loss' in line);
    t.deepEqual(
      divergence.recent.filter(({ step }) => step % 2 === 0),
      logged.map(
        (line) => ({ step: line['step'], loss: line['train.loss'], grad_norm: line['grad_norm'] }) as Divergence['recent'][number],
      ),
    );
    t.deepEqual(
      divergence.recent.map(({ step, grad_norm }) => [step, grad_norm === null]),
      [0, 1, 2, 3, 4, 5, 6].map((step) => [step, step % 2 === 1]),
    );
  });
}

/** Metrics and epochs of a run with a NaN at some step, which is left out. */
async function leavingOut(
  t: ExecutionContext,
  step: number,
): Promise<{ summary: Summary; skipped: unknown[]; evaluated: unknown[]; epochs: unknown[] }> {
  const fault: Fault = { kind: 'nan', rank: 1, step, kernel: 'gelu_forward' };
  const parts = {
    train: { batch_size: 50, steps: 12, eval: { every: { steps: 4 } }, on_nonfinite: 'skip' },
    track: { notes: JSON.stringify(fault) },
  };
  const run = train({ experiment: experimentIn(temporary(t), parts) }, { dry: true, engine: { entry: FAULTY_ENTRY } });
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  const lines = events.filter((event) => event.type === 'metrics').map(({ line }) => line);
  const having = (key: string): unknown[] => lines.filter((line) => key in line).map((line) => line.step);
  const epochs = events.filter((event) => event.type === 'epoch').map(({ epoch, evaluation }) => [epoch, evaluation !== undefined]);
  return { summary: await run.result, skipped: having('skipped'), evaluated: having('val.loss'), epochs };
}

for (const { title, step } of [
  { title: 'the first, whose loss then sets no limit', step: 0 },
  { title: 'one in the middle of an epoch', step: 6 },
  { title: 'the last before an evaluation', step: 7 },
  { title: 'the last of all', step: 11 },
]) {
  test.serial(`N3 a step that is left out keeps every evaluation and epoch: ${title}`, async (t) => {
    const { summary, skipped, evaluated, epochs } = await leavingOut(t, step);
    t.is(summary.status, 'finished');
    t.is(summary.steps, 12);
    t.deepEqual(skipped, [step]);
    t.deepEqual(evaluated, [4, 8, 12]);
    t.deepEqual(
      epochs,
      [1, 2, 3].map((epoch) => [epoch, true]),
    );
  });
}

test.serial('N3 a gradient that is not finite leaves the running statistics as they were before the step, too', async (t) => {
  const directory = temporary(t);
  const layers = [
    { type: 'dense', units: 9, activation: 'gelu', batch_norm: true },
    { type: 'dense', units: 3 },
  ];
  const parts = { layers, train: { batch_size: 50, steps: 12, eval: { on: 'none' } } };
  const fault: Fault = { kind: 'nan', rank: 1, step: 7, kernel: 'matmul_nt' };
  const track = { notes: JSON.stringify(fault) };
  await t.throwsAsync(runIn(directory, { ...parts, track }, { engine: { entry: FAULTY_ENTRY } }), { code: 'E_DIVERGED' });
  const summary = json(readFileSync(path.join(onlyRun(directory), 'summary.json'), 'utf8')) as unknown as Summary;
  const straight = await runIn(temporary(t), { ...parts, train: { ...parts.train, steps: 7 } });
  t.is(summary.digest, straight.digest);
});

// ---- faults of workers ---------------------------------------------------------------------------------------------

const FAULTS: readonly { fault: Fault; code: string; where: string | undefined; steps: number; hangMs?: number }[] = [
  { fault: { kind: 'trap', rank: 1, step: 9 }, code: 'E_WORKER_TRAP', where: 'worker 1 step 9', steps: 9 },
  { fault: { kind: 'throw', rank: 0, step: 0 }, code: 'E_WORKER', where: 'worker 0 step 0', steps: 0 },
  { fault: { kind: 'exit', rank: 1, step: 5 }, code: 'E_WORKER_EXIT', where: 'worker 1 step 5', steps: 5 },
  { fault: { kind: 'loop', rank: 0, step: 4 }, code: 'E_WORKER_HANG', where: 'worker 0 step 4', steps: 4, hangMs: 600 },
  { fault: { kind: 'trap', rank: 1, step: 0, during: 'evaluate' }, code: 'E_WORKER_TRAP', where: 'worker 1', steps: 10 },
  { fault: { kind: 'begin throws', rank: 0, step: 0 }, code: 'E_POOL_START', where: undefined, steps: 0 },
];

for (const { fault, code, where, steps, hangMs } of FAULTS) {
  test.serial(
    `W ${fault.kind}${fault.during === undefined ? '' : ' in an evaluation'}: exit 81, metrics so far, status failed, no threads`,
    async (t) => {
      const directory = temporary(t);
      const track = { notes: JSON.stringify(fault), log_every: { steps: 1 } };
      const parts = { track, train: { batch_size: 20, steps: 20, eval: { every: { steps: 10 } } } };
      const options = { engine: { entry: FAULTY_ENTRY, ...(hangMs === undefined ? {} : { hangMs }) } };
      const error = await t.throwsAsync(runIn(directory, parts, options), { instanceOf: GradloomError });
      t.is(error.code, code as GradloomError['code']);
      t.is(error.where, where);
      t.is(error.exitCode, EXIT.worker);
      t.is(await threadsLeft(), 0);
      const run = onlyRun(directory);
      t.is(error.kept, `${run}, metrics up to step ${steps}`);
      const summary = json(readFileSync(path.join(run, 'summary.json'), 'utf8')) as unknown as Summary;
      t.is(summary.status, 'failed');
      t.is(summary.steps, steps);
      t.is(summary.digest, '');
      t.deepEqual(summary.error, json(JSON.stringify({ code, where, message: error.message })) as unknown as Summary['error']);
      const losses = readFileSync(path.join(run, 'metrics.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"train.loss"'));
      t.is(losses.length, steps);
      t.false(existsSync(path.join(run, 'model.safetensors')), 'parameters in the middle of an update are not kept');
      t.deepEqual(
        readdirSync(run).filter((name) => name.startsWith('.tmp')),
        [],
      );
    },
  );
}

// ---- storage -------------------------------------------------------------------------------------------------------

test.serial(
  'S7 a run directory that cannot be made is E_STORAGE (74) with the path, the cause and a remedy, before any thread starts',
  async (t) => {
    const directory = temporary(t);
    const file = path.join(directory, 'a-file');
    writeFileSync(file, '');
    const error = await t.throwsAsync(runIn(path.join(file, 'runs')), { instanceOf: GradloomError });
    t.is(error.code, 'E_STORAGE');
    t.is(error.exitCode, EXIT.storage);
    t.true(error.where!.startsWith(path.join(file, 'runs', 'small-')));
    t.is(error.message, 'cannot make the run directory: ENOTDIR: not a directory');
    t.is(error.next, 'choose another place with track.dir=DIR');
    t.is(await threadsLeft(), 0);
  },
);

test.serial('S7 a run directory removed during the run is E_STORAGE (74), not a crash', async (t) => {
  const directory = temporary(t);
  const run = train({ experiment: experimentIn(directory) });
  for await (const { type } of run) if (type === 'start') rmSync(onlyRun(directory), { recursive: true });
  const error = await t.throwsAsync(run.result, { instanceOf: GradloomError });
  t.is(error.code, 'E_STORAGE');
  t.regex(error.message, /ENOENT/);
  t.is(await threadsLeft(), 0);
});

// No limit of file sizes on Windows to stand in for a full disk.
const onUnix = process.platform === 'win32' ? test.skip : test.serial;
onUnix('S2 S3 metrics that no longer fit on the disk end the run with 74, not torn; with space again, resume completes them', async (t) => {
  const directory = temporary(t);
  const parts = { train: { batch_size: 20, steps: 400, eval: { on: 'none' } }, track: { log_every: { steps: 1 } } };
  const program = `
    import { train } from ${JSON.stringify(new URL('../../../src/runs/training/train.js', import.meta.url).href)};
    const run = train({ experiment: ${JSON.stringify(experimentIn(directory, parts))} });
    const warnings = [];
    for await (const event of run) if (event.type === 'warning' && event.code === 'W_STORAGE') warnings.push(event.message);
    const { code, exitCode, where, message, kept, next } = await run.result.catch((error) => error);
    console.log(JSON.stringify({ warnings, error: { code, exitCode, where, message, kept, next } }));
  `;
  // 8 blocks of 1 KiB (512 bytes in some shells) a file; Node ignores SIGXFSZ, so writes fail with EFBIG.
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    'ulimit -f 8; exec "$0" --input-type=module --eval "$1"',
    process.execPath,
    program,
  ]);
  const { warnings, error } = JSON.parse(stdout) as { warnings: string[]; error: GradloomError };
  const run = onlyRun(directory);
  const file = path.join(run, 'metrics.jsonl');
  const lastStep = json(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '')['step'] as number;
  t.true(lastStep > 10 && lastStep < 390);
  t.deepEqual(warnings, [`${file}: cannot be written: EFBIG: file too large; training goes on and keeps the lines in memory`]);
  t.like(error, {
    code: 'E_STORAGE',
    exitCode: EXIT.storage,
    where: file,
    message: 'cannot be written: EFBIG: file too large',
    kept: `${run}, metrics up to step ${lastStep}`,
    next: `free space or mend the file system, then: gradloom resume ${run}`,
  });
  const summary = json(readFileSync(path.join(run, 'summary.json'), 'utf8')) as unknown as Summary;
  t.is(summary.status, 'failed');
  const text = readFileSync(file, 'utf8');
  t.true(text.length > 1000);
  t.true(text.endsWith('\n'), `the file ends with ${JSON.stringify(text.slice(-20))}`);
  const straight = await runIn(temporary(t), parts);
  const resumed = await resume(run).result;
  t.is(resumed.status, 'finished');
  t.is(resumed.digest, straight.digest);
  t.is(read(resumed, 'metrics.jsonl'), read(straight, 'metrics.jsonl'));
});

test.serial('nothing is created on disk for an experiment that cannot run', async (t) => {
  const directory = path.join(temporary(t), 'runs');
  const error = await t.throwsAsync(runIn(directory, { layers: [{ type: 'dense', units: 2 }] }), { instanceOf: GradloomError });
  t.is(error.code, 'E_LABEL_RANGE');
  t.is(error.exitCode, EXIT.data);
  t.false(existsSync(directory));
});

test.serial('more workers than cores is a warning and changes no bit', async (t) => {
  const events: RunEvent[] = [];
  const run = train({ experiment: experimentIn(temporary(t), { parallel: { workers: 16 } }) });
  for await (const event of run) events.push(event);
  const start = events.find((event) => event.type === 'start')!;
  const warnings = events.filter((event) => event.type === 'warning');
  t.is(start.workers, 16);
  t.deepEqual(
    warnings.map(({ code }) => code),
    start.cores < 16 ? ['W_OVERSUBSCRIBED'] : [],
  );
  t.is((await run.result).digest, (await runIn(temporary(t), { parallel: { workers: 1 } })).digest);
});
