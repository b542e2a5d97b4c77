import test from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { GridSampler } from '../../../src/sweep/samplers/grid.ts';
import { makeSampler } from '../../../src/sweep/samplers/index.ts';
import type { Observation } from '../../../src/sweep/samplers/sampler.ts';
import { METHODS } from '../../../src/sweep/schema.ts';
import { parseConstraint } from '../../../src/sweep/space/constraints.ts';
import { categorical, intUniform } from '../../../src/sweep/space/distributions.ts';
import { type Dimension, SearchSpace } from '../../../src/sweep/space/space.ts';
import type { Assignment } from '../../../src/sweep/trial.ts';
import { branin, conditional, hartmann6, median, medianRegret, spaceOf, uniformDimension } from '../support/functions.ts';

const words = (name: string, values: string[], conditions: Dimension['conditions'] = []): Dimension => {
  return { name, keys: [name], distribution: categorical(values), conditions };
};
const integers = (name: string, min: number, max: number, conditions: Dimension['conditions'] = []): Dimension => {
  return { name, keys: [name], distribution: intUniform(min, max), conditions };
};
const zip: Dimension = {
  name: 'zip',
  keys: ['z.a', 'z.b'],
  rows: [
    [1, 'x'],
    [2, 'y'],
    [3, null],
  ],
  distribution: categorical([0, 1, 2]),
  conditions: [],
};

const numbers = { kinds: () => new Set(['number'] as const), keys: () => [] };

/** Finite, with a condition in a condition, a zip, a constraint and a queue. */
const mixed = new SearchSpace(
  [
    words('kind', ['a', 'b']),
    integers('n', 0, 3, [{ key: 'kind', dimension: 0, values: ['a'] }]),
    integers('m', 0, 1, [{ key: 'n', dimension: 1, values: [2, 3] }]),
    zip,
  ],
  [parseConstraint('n + m <= 3', numbers)],
  [
    { kind: 'b', 'z.a': 2, 'z.b': 'y' },
    { n: 3, kind: 'a' },
  ],
  () => undefined,
);

/** Runs a sampler for some trials, with results that are a function of the assignment. */
function run(space: SearchSpace, method: (typeof METHODS)[number], seed: number, trials: number): Assignment[] {
  const sampler = makeSampler(method, space, seed);
  const history: Observation[] = [];
  for (let number = 0; number < trials; number++) {
    const assignment = sampler.suggest(number, history);
    if (assignment === undefined) break;
    const value =
      number % 7 === 3
        ? undefined
        : Object.values(assignment).reduce((sum: number, one) => sum + Number(typeof one === 'number' && one), 0);
    history.push({ number, assignment, value });
  }
  return history.map(({ assignment }) => assignment);
}

for (const method of METHODS) {
  test(`${method}: suggestions are functions of seed, number and history`, (t) => {
    const space = method === 'grid' ? mixed : conditional.space;
    const first = run(space, method, 3, 40);
    t.deepEqual(run(space, method, 3, 40), first);
    if (method !== 'grid') t.notDeepEqual(run(space, method, 4, 40), first);
    // A sampler that has seen nothing says the same as one that was there from the start, in any order of asking.
    const history = first.map((assignment, number): Observation => ({ number, assignment, value: (number * 13) % 17 }));
    const fresh = makeSampler(method, space, 3);
    const used = makeSampler(method, space, 3);
    for (const length of [40, 12, 0, 25, 40]) used.suggest(length, history.slice(0, length));
    for (const length of [25, 40, 12]) {
      const copy = structuredClone(history.slice(0, length));
      t.deepEqual(used.suggest(length, history.slice(0, length)), fresh.suggest(length, copy));
      t.deepEqual(fresh.suggest(length, copy.toReversed()), used.suggest(length, copy));
    }
  });

  test(`${method}: conditions, zips, constraints and the queue hold`, (t) => {
    const found = run(mixed, method, 5, 18);
    t.deepEqual(found[0], { kind: 'b', 'z.a': 2, 'z.b': 'y' });
    t.like(found[1], { kind: 'a', n: 3, m: 0 });
    for (const assignment of found) {
      t.is('n' in assignment, assignment['kind'] === 'a');
      t.is('m' in assignment, Number(assignment['n']) >= 2);
      t.true(Number(assignment['n'] ?? 0) + Number(assignment['m'] ?? 0) <= 3);
      t.true(zip.rows?.some(([a, b]) => a === assignment['z.a'] && b === assignment['z.b']));
    }
  });

  test(`${method}: constraints that nothing satisfies are an error`, (t) => {
    const space = new SearchSpace([integers('n', 0, 3)], [parseConstraint('n > 3', numbers)], [], () => undefined);
    if (method === 'grid') t.is(makeSampler(method, space, 0).total, 0);
    else t.throws(() => makeSampler(method, space, 0).suggest(0, []), { code: 'E_SWEEP_CONSTRAINTS' });
  });

  test(`${method}: a space of one number, of one choice, and of a constant work`, (t) => {
    for (const dimension of [integers('n', 0, 30), words('w', ['a', 'b', 'c']), uniformDimension('x', 0, 1), words('c', ['only'])]) {
      if (method === 'grid' && dimension.name === 'x') continue;
      const found = run(spaceOf([dimension]), method, 1, 40);
      t.true(found.length >= 1);
      for (const one of found) t.not(dimension.distribution.cell(one[dimension.name] ?? null), undefined);
    }
  });

  if (method === 'grid') continue;
  test(`${method}: a small space is seen whole before anything repeats much`, (t) => {
    const found = run(spaceOf([integers('n', 0, 3), words('w', ['a', 'b'])]), method, 2, 24);
    t.is(new Set(found.map((one) => JSON.stringify(one))).size, 8);
  });
}

test('a grid visits every combination once: the first parameter slowest, what has no meaning left out', (t) => {
  const space = spaceOf([
    words('kind', ['a', 'b']),
    integers('n', 1, 2, [{ key: 'kind', dimension: 0, values: ['b'] }]),
    {
      ...zip,
      rows: [
        [1, 'x'],
        [2, 'y'],
      ],
      distribution: categorical([0, 1]),
    },
  ]);
  const sampler = makeSampler('grid', space, 0);
  t.is(sampler.total, 6);
  t.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].map((number) => sampler.suggest(number, [])),
    [
      { kind: 'a', 'z.a': 1, 'z.b': 'x' },
      { kind: 'a', 'z.a': 2, 'z.b': 'y' },
      { kind: 'b', n: 1, 'z.a': 1, 'z.b': 'x' },
      { kind: 'b', n: 1, 'z.a': 2, 'z.b': 'y' },
      { kind: 'b', n: 2, 'z.a': 1, 'z.b': 'x' },
      { kind: 'b', n: 2, 'z.a': 2, 'z.b': 'y' },
      undefined,
    ],
  );
});

test('a grid does not repeat what the queue had', (t) => {
  const found = run(mixed, 'grid', 0, 100);
  t.is(makeSampler('grid', mixed, 0).total, found.length);
  t.is(new Set(found.map((one) => JSON.stringify(one))).size, found.length);
  // kind b, or a with n 0, 1, (2, m 0), (2, m 1), (3, m 0): six, with three rows each.
  t.is(found.length, 18);
});

test('a grid of more than a million combinations is refused', (t) => {
  const error = t.throws(() => new GridSampler(spaceOf([integers('a', 1, 2000), integers('b', 1, 2000)]), []), {
    instanceOf: GradloomError,
  });
  t.is(error.code, 'E_CONFIG_RANGE');
  t.is(error.message, 'a grid of 4,000,000 combinations; expected at most 1,000,000');
});

test('tpe and cmaes beat random search on functions with known minima', (t) => {
  const [seeds, trials] = [9, 100];
  for (const objective of [branin, hartmann6]) {
    const random = medianRegret(objective, 'random', seeds, trials);
    for (const method of ['tpe', 'cmaes'] as const) {
      const regret = medianRegret(objective, method, seeds, trials);
      t.true(regret * 1.5 < random, `${method} on ${objective.name}: ${regret}, random ${random}`);
    }
  }
});

test('tpe learns a choice, and where a condition holds', (t) => {
  const found = run(conditional.space, 'random', 1, 60);
  const history = found.map((assignment, number): Observation => ({ number, assignment, value: conditional.value(assignment) }));
  const sampler = makeSampler('tpe', conditional.space, 1);
  const next = Array.from({ length: 40 }, (_, i) => sampler.suggest(60 + i, history) ?? {});
  const chosen = next.filter(({ kind }) => kind === 'b');
  t.true(chosen.length > 28, `${chosen.length} of 40`);
  t.true(Math.abs(median(chosen.map(({ b0 }) => Number(b0))) - 0.7) < 0.15);
});

test('cmaes narrows around the minimum of a bowl', (t) => {
  const space = spaceOf(['x', 'y', 'z'].map((name) => uniformDimension(name, -4, 6)));
  const sampler = makeSampler('cmaes', space, 2);
  const history: Observation[] = [];
  for (let number = 0; number < 200; number++) {
    const assignment = sampler.suggest(number, history) ?? {};
    const [x, y, z] = ['x', 'y', 'z'].map((key) => Number(assignment[key])) as [number, number, number];
    history.push({ number, assignment, value: (x - 1) ** 2 + 10 * (y - x) ** 2 + (z + 2) ** 2 });
  }
  t.true(Math.min(...history.slice(-20).map(({ value }) => value ?? 1)) < 1e-3);
});
