import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { Engine } from '../../../src/engine/coordinator/engine.ts';
import type { TrainingState } from '../../../src/engine/coordinator/shared-state.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { initialState } from '../../../src/model/initializers.ts';
import { basisOf } from '../../../src/runs/checkpoint/basis.ts';
import { encodeCheckpoint, readCheckpoint, runStateIn } from '../../../src/runs/checkpoint/checkpoint.ts';
import type { LoopState, RunState } from '../../../src/runs/checkpoint/run-state.ts';
import { emptyState, fillState, stateTensors } from '../../../src/runs/files/state-tensors.ts';
import { Loop } from '../../../src/runs/loop/loop.ts';
import { LearningRate } from '../../../src/runs/record/learning-rate.ts';
import { Recorder } from '../../../src/runs/record/recorder.ts';
import type { RecorderState } from '../../../src/runs/record/recorder-state.ts';
import { LineFile } from '../../../src/storage/lines.ts';
import { threads } from '../../engine/support/warm-threads.ts';

/** A state in which nothing is left out: a key that is new must get a value here, or this file does not compile. */
type Whole<T> = T extends object ? { [K in keyof T]-?: Whole<Exclude<T[K], undefined | null>> } : T;

/** No two values are equal, so that none can stand in for another. */
const LOOP: Whole<LoopState> = {
  step: 12,
  isOver: true,
  firstLoss: 1.25,
  lrFactor: 0.5,
  rollbacks: 1,
  skippedInRow: 3,
  lastSkipped: 11,
  plateau: { best: 0.75, bad: 2, cooldown: 4, factor: 0.1 },
  earlyStop: { best: 0.625, stale: 5 },
  bestKept: { step: 9, value: 0.375 },
};

const RECORDER: Whole<RecorderState> = {
  step: 12,
  last: { 'val.loss': 100, lr: 101, 'train.loss': Number.NEGATIVE_INFINITY },
  best: { 'val.loss': { value: 102, step: 8 } },
  evaluatedAt: [
    ['val', 7],
    ['train', 6],
  ],
  evaluation: { loss: 103, accuracy: 104, rows: 105, metrics: { accuracy: 106 }, confusion: [[107, 108]], split: 'test' },
  confusion: { train: [[109]], val: [[110]], test: [[111]] },
  epoch: { loss: 112, weight: 113, correct: 114, rows: 115 },
  recent: [{ step: 10, loss: Number.NaN, correct: 116, rows: 117, weight: 118, gradientNorm: Number.POSITIVE_INFINITY, penalty: -0 }],
  watch: { said: ['W_DEAD_RELU1', 'W_FLAT_LOSS'], loss: 119, sameLoss: 120 },
  events: 121,
  seconds: 1000.5,
  samples: 122,
  spent: { start: 1001.5, training: 1002.5, evaluation: 1003.5, checkpoint: 1004.5 },
  metricsBytes: 26,
  digestsBytes: 13,
};

const { experiment } = experimentFromObject({
  data: { source: { type: 'synthetic', kind: 'blobs', samples: 100, features: 4, classes: 2 }, split: { val: 0.2 } },
  model: {
    layers: [
      { type: 'dense', units: 5, batch_norm: true, activation: 'relu' },
      { type: 'dense', units: 2 },
    ],
  },
  optimizer: 'adam',
  schedule: { type: 'plateau', metric: 'val.loss' },
  train: { steps: 20, batch_size: 16, average: 'ema', early_stop: { metric: 'val.loss' }, on_nonfinite: 'rollback' },
  track: { log_every: { steps: 1 } },
  parallel: { workers: 1 },
});
const dataset = await loadDataset(experiment);
const plan = planEngine(experiment, dataset, 1);

/** Vectors of which no two tensors have a value in common. */
function vectors(from: number, hasOptimizer = true): TrainingState {
  const state = emptyState(plan, hasOptimizer);
  const tensors = stateTensors(plan, state);
  const values = new Map(tensors.map(({ name, tensor }, i) => [name, new Float32Array(tensor.size).fill(from + i)]));
  fillState(tensors, (name) => values.get(name) as Float32Array);
  return state;
}

const RUN: Whole<Omit<RunState, 'state' | 'best' | 'good'>> & Pick<RunState, 'state' | 'best' | 'good'> = {
  loop: LOOP,
  recorder: RECORDER,
  state: vectors(1),
  best: { step: 4, state: vectors(1000, false) },
  good: { step: 5, state: vectors(2000) },
};

/** Values of plain data by dotted name. */
function leavesOf(value: unknown, name = ''): [name: string, value: unknown][] {
  if (typeof value !== 'object' || value === null) return [[name, value]];
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, name === '' ? key : `${name}.${key}`));
}

function throughFile(run: RunState): RunState {
  const bytes = encodeCheckpoint(plan, run, basisOf(experiment, dataset), 1);
  return runStateIn(readCheckpoint('checkpoint', bytes), plan);
}

test('no two values of the state are equal but the step, which loop and recorder share', (t) => {
  const { step: _step, ...recorder } = RECORDER;
  const values = [LOOP, recorder].flatMap((part) => leavesOf(part)).map(([, value]) => value);
  t.is(new Set(values).size, values.length);
});

for (const part of ['loop', 'recorder'] as const)
  for (const key of Object.keys(RUN[part]))
    test(`a checkpoint keeps ${part}.${key}`, (t) => {
      const [before, after] = [RUN[part], throughFile(RUN)[part]].map((state) => Object.entries(state).find(([name]) => name === key));
      t.deepEqual(after, before);
    });

test('a checkpoint keeps the vectors, and those of the best and of the latest good evaluation', (t) => {
  const { state, best, good } = throughFile(RUN);
  t.deepEqual({ state, best, good }, { state: RUN.state, best: RUN.best, good: RUN.good });
});

test('the state of a checkpoint has the names that it has had since the first checkpoints, and what time went to', (t) => {
  const { tensors } = readCheckpoint('checkpoint', encodeCheckpoint(plan, RUN, basisOf(experiment, dataset), 1)).file;
  const names = leavesOf(JSON.parse(new TextDecoder().decode(tensors.get('gradloom.state')?.data))).map(([name]) => name);
  const evaluation = 'loss accuracy rows metrics.accuracy confusion.0.0 confusion.0.1 split';
  const step = 'step loss correct rows weight gradientNorm penalty';
  const under = (name: string, keys: string): string[] => keys.split(' ').map((key) => `${name}.${key}`);
  t.deepEqual(names, [
    ...under('loop', 'step isOver firstLoss lrFactor rollbacks skippedInRow lastSkipped'),
    ...under(
      'loop',
      'plateau.best plateau.bad plateau.cooldown plateau.factor earlyStop.best earlyStop.stale bestKept.step bestKept.value',
    ),
    ...under('recorder', 'step last.val.loss last.lr last.train.loss best.val.loss.value best.val.loss.step'),
    ...under('recorder.evaluatedAt', '0.0 0.1 1.0 1.1'),
    ...under('recorder.evaluation', evaluation),
    ...under('recorder.confusion', 'train.0.0 val.0.0 test.0.0'),
    ...under('recorder.epoch', 'loss weight correct rows'),
    ...under('recorder.recent.0', step),
    ...under('recorder.watch', 'said.0 said.1 loss sameLoss'),
    ...under('recorder', 'events seconds samples spent.start spent.training spent.evaluation spent.checkpoint metricsBytes digestsBytes'),
    ...under('best', 'step share hasOptimizer'),
    ...under('good', 'step share hasOptimizer'),
  ]);
});

test('a loop and its recorder that were put into a state are in that state, every field of it', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-state-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const lines = {
    metrics: LineFile.create(path.join(directory, 'metrics')),
    digests: LineFile.create(path.join(directory, 'digests')),
  };
  // 13 bytes each.
  for (const file of [lines.metrics, lines.digests]) for (let step = 100; step < 103; step++) file.append({ step });
  t.teardown(() => {
    for (const file of Object.values(lines)) file.close();
  });
  const engine = await Engine.start(plan, dataset, initialState(plan.network, experiment.model, experiment.seed), { threads });
  t.teardown(() => engine.close());
  const rates = new LearningRate(plan);
  const recorder = new Recorder(
    experiment,
    plan.batches,
    true,
    lines,
    rates,
    () => undefined,
    () => undefined,
  );
  const loop = new Loop({ engine, dataset, recorder, rates, signal: undefined, pauseAt: undefined, onCode: () => undefined });
  const start = loop.state();
  for (const key of Object.keys(LOOP)) t.true(key in start.loop, key);
  t.deepEqual(Object.keys(start.recorder), Object.keys(RECORDER));

  loop.restore(RUN);
  const { recorder: recorded, ...others } = loop.state();
  t.deepEqual(others, { loop: RUN.loop, state: RUN.state, best: RUN.best, good: RUN.good });
  // A clock that has gone on.
  t.true(recorded.seconds >= RECORDER.seconds && recorded.seconds < RECORDER.seconds + 600, String(recorded.seconds));
  t.deepEqual({ ...recorded, seconds: RECORDER.seconds }, RECORDER);
  t.deepEqual([rates.lrFactor, rates.plateauFactor], [LOOP.lrFactor, LOOP.plateau.factor]);
  t.is(engine.firstLoss, LOOP.firstLoss);

  // What comes after does not reach back into what was kept.
  recorder.take([{ ...RECORDER.recent[0]!, step: 12, loss: 1 }]);
  t.is(RECORDER.recent.length, 1);
  t.deepEqual(others.loop, LOOP);
  // And it goes on from there.
  const next = loop.state().recorder;
  t.is(next.recent.length, 2);
  t.deepEqual(next.watch, { ...RECORDER.watch, loss: 1, sameLoss: 1 });
  t.is(next.samples, RECORDER.samples + 117);
  t.is(next.epoch.rows, RECORDER.epoch.rows + 117);
  t.is(next.events, RECORDER.events + 1);
  t.true(next.metricsBytes > RECORDER.metricsBytes);
});
