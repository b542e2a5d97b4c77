import test from 'ava';
import { experimentFromObject } from '../../src/config/load.ts';
import { loadDataset } from '../../src/data/load.ts';
import { javascriptLacks } from '../../src/engine/baseline/javascript.ts';
import { planEngine } from '../../src/engine/plan/plan.ts';
import { initialState } from '../../src/model/initializers.ts';
import { Sequential } from '../../src/speedup/measurement/sequential.ts';
import { measureSpeedup } from '../../src/speedup/speedup.ts';

/** 330 training rows in batches of 32: the last of an epoch has 10. */
function experiment(change: object = {}) {
  return experimentFromObject({
    name: 'plain',
    data: { source: { type: 'synthetic', kind: 'blobs', samples: 412 } },
    model: {
      layers: [
        { type: 'dense', units: 16, activation: 'relu' },
        { type: 'dense', units: 9 },
        { type: 'dense', units: 3 },
      ],
    },
    train: { batch_size: 32, epochs: 3 },
    ...change,
  });
}

const changes: [title: string, change: object][] = [
  ['sgd', { optimizer: { type: 'sgd', lr: 0.1 } }],
  ['adam', { optimizer: { type: 'adam', lr: 0.01 } }],
  [
    'zscore and a schedule',
    { data: { source: { type: 'synthetic', kind: 'blobs', samples: 412 }, normalize: 'zscore' }, schedule: 'cosine' },
  ],
  [
    'norms, dropout and a residual layer with smoothed labels',
    {
      model: {
        layers: [
          { type: 'dense', units: 12, activation: 'gelu', batch_norm: true, dropout: 0.3 },
          { type: 'dense', units: 12, activation: 'tanh', layer_norm: true, residual: true },
          { type: 'dense', units: 3 },
        ],
      },
      loss: { type: 'softmax_cross_entropy', label_smoothing: 0.1 },
      optimizer: { type: 'sgd', lr: 0.1 },
    },
  ],
  ['the full batch', { train: { batch_size: 'full', epochs: 25 }, optimizer: { type: 'sgd', lr: 0.3 } }],
];
for (const [title, change] of changes) {
  test.serial(`plain JavaScript trains as the sequential program does: ${title}`, async (t) => {
    const loaded = experiment(change).experiment;
    const dataset = await loadDataset(loaded);
    const plan = planEngine(loaded, dataset, 1);
    const initial = initialState(plan.network, loaded.model, loaded.seed);
    const programs = await Promise.all(
      (['sequential', 'javascript'] as const).map((program) => Sequential.start(plan, dataset, initial, program)),
    );
    const [ours, plain] = programs as [Sequential, Sequential];
    try {
      const steps = Math.min(25, plan.batches.totalSteps);
      t.deepEqual(await plain.train(0, steps), await ours.train(0, steps));
      for (let step = 0; step < steps; step++) {
        const [a, b] = [ours.shared.stepValues(step), plain.shared.stepValues(step)];
        t.true(Math.abs(a.loss - b.loss) <= 1e-4 * a.loss, `step ${step}: ${a.loss} ${b.loss}`);
        t.is(a.weight, b.weight);
      }
      const [a, b] = [ours.shared.parameters(), plain.shared.parameters()];
      t.true(a.every((value, i) => Math.abs(value - (b[i] as number)) <= 1e-3 * (1e-1 + Math.abs(value))));
      t.notDeepEqual(a, initial.parameters);
    } finally {
      await Promise.all(programs.map((program) => program.close()));
    }
  });
}

test.serial('a comparison with plain JavaScript has its row, which did the same work without the same bits', async (t) => {
  const options = { workers: [1], work: { steps: 20 }, repeats: 3, baselines: ['sequential' as const, 'javascript' as const] };
  const { tables, verdict } = await measureSpeedup(experiment(), { ...options, time_to: 'val.loss=9' }).result;
  const [sequential, plain, one] = tables[0]!.rows;
  t.deepEqual([sequential!.kind, plain!.kind, one!.kind], ['sequential', 'javascript', 'workers']);
  t.true(plain!.same_work && plain!.phases.compute > 0 && plain!.phases.reduce > 0, JSON.stringify(plain));
  t.not(plain!.digest, one!.digest);
  t.is(plain!.time_to_seconds, undefined);
  t.true(one!.time_to_seconds!.value > 0);
  t.not(verdict.status, 'wrong');
});

const lacking: [what: string, change: object][] = [
  ['optimizer lion', { optimizer: 'lion' }],
  ['momentum of sgd, or amsgrad', { optimizer: { type: 'sgd', momentum: 0.9 } }],
  ['weight decay or groups of the optimizer', { optimizer: { type: 'adam', weight_decay: 0.1 } }],
  ['regularization', { regularization: { clip_global_norm: 1 } }],
  ['train.accumulate', { train: { accumulate: 2, epochs: 1 } }],
  ['train.average', { train: { average: 'ema', epochs: 1 } }],
];
for (const [what, change] of lacking) {
  test.serial(`${JSON.stringify(change)} is beyond plain JavaScript, and says so`, async (t) => {
    const loaded = experiment(change);
    t.is(javascriptLacks(loaded.experiment), what);
    const run = measureSpeedup(loaded, { workers: [1], baselines: ['javascript'] });
    await t.throwsAsync(run.result, { code: 'E_CONFIG_VALUE', message: `the JavaScript baseline does not know ${what}` });
  });
}
