import {
  anything,
  count,
  fields,
  finite,
  flag,
  listOf,
  oneOf,
  optional,
  orNull,
  pairOf,
  type Shape,
  simple,
  text,
} from '../storage/shape.ts';
import type { SpeedupResult } from './events.ts';

const estimate = fields({ value: finite, low: finite, high: finite });

const row = fields({
  kind: oneOf(['workers', 'sequential', 'unsliced', 'javascript']),
  workers: count,
  batch_size: count,
  seconds: listOf(finite),
  samples_per_second: estimate,
  speedup: estimate,
  over_sequential: optional(estimate),
  efficiency: estimate,
  karp_flatt: optional(estimate),
  cpu_seconds: finite,
  phases: fields({ compute: finite, wait: finite, reduce: finite, other: finite }),
  imbalance: finite,
  time_to_seconds: optional(estimate),
  evaluation_seconds: orNull(finite),
  drift: finite,
  digest: text,
  same_work: flag,
  oversubscribed: flag,
  taken: listOf(text),
  taken_share: finite,
  contaminated: listOf(text),
});

const target = fields({ metric: text, value: finite, reached: finite, step: count, epochs: finite, evaluations: count });

const table = fields({
  mode: oneOf(['strong', 'weak', 'map']),
  batch_size: count,
  steps: count,
  repeats: count,
  rows: listOf(row),
  time_to: optional(target),
  model: orNull(fields({ sigma: finite, kappa: finite, best_workers: orNull(finite), kappa_interval: pairOf(finite, finite) })),
});

const predicted = fields({
  workers: count,
  ranks: count,
  samples_per_second: estimate,
  speedup: estimate,
  efficiency: estimate,
  microseconds: fields({ compute: finite, update: finite, barriers: finite, exchange: finite, serial: finite }),
  barriers_per_step: finite,
  limit: oneOf(['none', 'leaves', 'rows', 'update', 'barriers', 'exchange', 'serial']),
  law_speedup: estimate,
});

const prediction = fields({
  rows: listOf(predicted),
  barrier: fields({
    growth: oneOf(['logarithmic', 'linear']),
    reason: text,
    measured: listOf(fields({ workers: count, microseconds: finite })),
  }),
  law: fields({ name: oneOf(['usl', 'amdahl']), sigma: finite, kappa: finite }),
  checks: listOf(fields({ workers: count, predicted: finite, measured: estimate, error: finite })),
  pays_to: count,
  assumptions: listOf(text),
  text,
});

const result = fields({
  version: simple<1>('version 1', (value) => value === 1),
  status: oneOf(['finished', 'interrupted']),
  name: text,
  dataset: text,
  parameters: count,
  machine: fields({
    cpu: text,
    cores: fields({ available: count, quota: optional(finite), usable: count }),
    node: text,
    gradloom: text,
    load_before: orNull(finite),
  }),
  settings: fields({ confidence: finite }),
  seconds: finite,
  tables: listOf(table),
  prediction: optional(prediction),
  verdict: fields({
    status: oneOf(['conclusive', 'inconclusive', 'wrong']),
    best_workers: orNull(finite),
    limit: oneOf(['none', 'cores', 'batch', 'imbalance', 'wait', 'reduce', 'compute', 'other', 'unclear']),
    text,
  }),
});

/** What `gradloom speedup --json` has printed, as it was kept in a file; of the settings, what reports say. */
export const resultShape: Shape<Omit<SpeedupResult, 'settings'> & { settings: Pick<SpeedupResult['settings'], 'confidence'> }> = {
  misfit: (value) => result.misfit(value) ?? anything.misfit(value),
};
