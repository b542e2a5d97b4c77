import test from 'ava';
import type { ScheduleConfig } from '../../src/config/schema/schema.ts';
import { PLATEAU_START, plateauNext } from '../../src/optim/plateau.ts';

type PlateauConfig = Extract<ScheduleConfig, { type: 'plateau' }>;

const DEFAULTS: PlateauConfig = {
  type: 'plateau',
  metric: 'val.loss',
  goal: 'minimize',
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  cooldown: 0,
  min_lr: 0,
};

/** States as [factor, bad, cooldown, best] after each value: lr, num_bad_epochs, cooldown_counter and best of PyTorch 2.13's, from lr 1. */
const PUBLISHED: readonly {
  title: string;
  config: Partial<PlateauConfig>;
  values: number[];
  states: [number, number, number, number][];
}[] = [
  {
    title: 'patience 1 and a cooldown of 2',
    config: { factor: 0.5, patience: 1, cooldown: 2 },
    values: [5, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3],
    states: [
      [1, 0, 0, 5],
      [1, 0, 0, 4],
      [1, 1, 0, 4],
      [0.5, 0, 2, 4],
      [0.5, 0, 1, 4],
      [0.5, 0, 0, 4],
      [0.5, 0, 0, 3],
      [0.5, 1, 0, 3],
      [0.25, 0, 2, 3],
      [0.25, 0, 1, 3],
      [0.25, 0, 0, 3],
      [0.25, 1, 0, 3],
    ],
  },
  {
    title: 'no patience and a threshold of a tenth',
    config: { patience: 0, threshold: 0.1 },
    values: [1, 0.95, 0.94, 0.89, 0.88, 0.87],
    states: [
      [1, 0, 0, 1],
      [0.1, 0, 0, 1],
      [0.1 * 0.1, 0, 0, 1],
      [0.1 * 0.1, 0, 0, 0.89],
      [0.1 * 0.1 * 0.1, 0, 0, 0.89],
      [0.1 * 0.1 * 0.1 * 0.1, 0, 0, 0.89],
    ],
  },
  {
    title: 'maximize',
    config: { goal: 'maximize', factor: 0.5, patience: 1, threshold: 0.01 },
    values: [0.5, 0.6, 0.6, 0.59, 0.61, 0.61, 0.61],
    states: [
      [1, 0, 0, 0.5],
      [1, 0, 0, 0.6],
      [1, 1, 0, 0.6],
      [0.5, 0, 0, 0.6],
      [0.5, 0, 0, 0.61],
      [0.5, 1, 0, 0.61],
      [0.25, 0, 0, 0.61],
    ],
  },
];

for (const { title, config, values, states } of PUBLISHED) {
  test(`plateau is ReduceLROnPlateau: ${title}`, (t) => {
    let state = PLATEAU_START;
    for (const [i, value] of values.entries()) {
      state = plateauNext({ ...DEFAULTS, ...config }, state, value);
      t.deepEqual([state.factor, state.bad, state.cooldown, state.best], states[i], `after value ${i}`);
    }
  });
}

test('a value that is not finite is no improvement, also as the first', (t) => {
  for (const value of [Number.NaN, Infinity, -Infinity]) {
    t.deepEqual(plateauNext(DEFAULTS, PLATEAU_START, value), { best: null, bad: 1, cooldown: 0, factor: 1 });
  }
});

test('a state survives a checkpoint: it is plain data, and the reducer changes nothing in place', (t) => {
  const config = { ...DEFAULTS, patience: 1, cooldown: 1 };
  const values = [3, 3, 3, 3, 2, 2, 2, 2, 2];
  const straight = values.reduce((state, value) => plateauNext(config, state, value), PLATEAU_START);
  const resumed = values.reduce((state, value) => plateauNext(config, JSON.parse(JSON.stringify(state)), value), PLATEAU_START);
  t.deepEqual(resumed, straight);
  t.deepEqual(PLATEAU_START, { best: null, bad: 0, cooldown: 0, factor: 1 });
});
