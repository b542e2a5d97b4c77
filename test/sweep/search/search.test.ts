import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { type AskedTrial, Search, type SearchOptions, type ToldTrial } from '../../../src/index.ts';
import { makeSampler } from '../../../src/sweep/samplers/index.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { loaded } from '../support/sweep-case.ts';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../../..');

test('the example in the documentation of Search runs as it stands, and finds the least', async (t) => {
  const source = readFileSync(path.join(root, 'src/sweep/search/search.ts'), 'utf8');
  const [, text = ''] = /@example\n((?: \* .*\n)+?) \*\/\nexport class Search /.exec(source) ?? [];
  const example = text.replaceAll(/^ \* /gm, '');
  t.regex(example, /search\.ask\(\)[\s\S]*search\.tell\(/);
  const file = path.join(temporary(t), 'example.mjs');
  const library = pathToFileURL(path.join(root, 'dist/src/index.js')).href;
  writeFileSync(
    file,
    `import { Search } from ${JSON.stringify(library)};\nconst console = { log() {} };\n${example}\nexport const { best } = search;\n`,
  );
  const { best } = (await import(pathToFileURL(file).href)) as { best: ToldTrial };
  t.is(best.values['units'], 64);
  t.true(best.value < 0.3, `${best.value}`);
});

const PARAMETERS = {
  'optimizer.lr': { distribution: 'log_uniform_values', min: 0.001, max: 1 },
  'train.batch_size': { values: [10, 20, 40] },
} as const satisfies SearchOptions['parameters'];

/** All trials that are asked, one after the other. */
function asked(search: Search, value: (trial: AskedTrial) => number | undefined): AskedTrial[] {
  const trials: AskedTrial[] = [];
  for (let trial = search.ask(); trial !== undefined; trial = search.ask()) {
    trials.push(trial);
    search.tell(trial, value(trial));
  }
  return trials;
}

test('a random search asks what a sweep with the same parameters and seed would try', (t) => {
  const { settings, space } = loaded(temporary(t));
  const sampler = makeSampler(settings.method, space, settings.seed);
  const expected = Array.from({ length: 8 }, (_, number) => ({ number, values: sampler.suggest(number, []) }));
  t.deepEqual<unknown, unknown>(
    asked(new Search({ parameters: PARAMETERS, seed: settings.seed, run_cap: 8 }), () => 1),
    expected,
  );
});

for (const method of ['tpe', 'cmaes', 'sobol', 'grid'] as const) {
  test(`a search by ${method} asks the same again when it is told the same, and nothing twice`, (t) => {
    const lr = method === 'grid' ? { values: [0.01, 0.1, 1] } : PARAMETERS['optimizer.lr'];
    const play = (): AskedTrial[] => {
      const search = new Search({ method, seed: 3, run_cap: 20, parameters: { ...PARAMETERS, 'optimizer.lr': lr } });
      return asked(search, ({ number, values }) => (number % 7 === 3 ? undefined : Math.abs(Number(values['optimizer.lr']) - 0.1)));
    };
    const trials = play();
    t.deepEqual(play(), trials);
    t.is(new Set(trials.map(({ values }) => JSON.stringify(values))).size, trials.length);
    t.true(trials.length === (method === 'grid' ? 9 : 20), `${trials.length}`);
  });
}

test('several trials can be asked before one is told, and told in any order; the best is known at any time', (t) => {
  const search = new Search({ goal: 'maximize', method: 'grid', parameters: { name: { values: ['a', 'b', 'c', 'd'] } } });
  const trials = [search.ask(), search.ask(), search.ask(), search.ask()].filter((trial) => trial !== undefined);
  t.deepEqual(
    trials.map(({ values }) => values['name']),
    ['a', 'b', 'c', 'd'],
  );
  t.is(search.ask(), undefined);
  t.is(search.best, undefined);
  for (const [number, value] of [
    [2, 3],
    [3, Number.NaN],
    [0, 7],
    [1, Number.POSITIVE_INFINITY],
  ] as const)
    search.tell({ number }, value);
  t.deepEqual(search.best, { number: 0, values: { name: 'a' }, value: 7 });
  t.is(search.ask(), undefined);
});

test('conditions, zips, constraints and enqueued trials hold as in a sweep file', (t) => {
  const search = new Search({
    run_cap: 30,
    parameters: {
      kind: { values: ['a', 'b'] },
      x: { distribution: 'uniform', min: 0, max: 1, when: { kind: 'b' } },
      y: { min: 1, max: 9 },
    },
    zip: { shape: { width: [1, 2], depth: [8, 4] } },
    constraints: ['y > width'],
    enqueue: [{ kind: 'b', x: 0.25 }],
  });
  const trials = asked(search, () => 1);
  t.like(trials[0]?.values, { kind: 'b', x: 0.25 });
  for (const { values } of trials) {
    t.is('x' in values, values['kind'] === 'b');
    t.is(Number(values['width']) === 1 ? 8 : 4, Number(values['depth']));
    t.true(Number.isInteger(values['y']) && Number(values['y']) > Number(values['width']));
  }
});

test('a trial that was not asked, or was told before, is E_USAGE (64)', (t) => {
  const search = new Search({ parameters: PARAMETERS });
  const trial = search.ask();
  const twice = (): void => search.tell({ number: trial?.number ?? -1 }, 1);
  twice();
  for (const wrong of [twice, () => search.tell({ number: 5 }, 1)]) {
    const error = t.throws(wrong, { instanceOf: GradloomError });
    t.is(error.code, 'E_USAGE');
    t.is(error.exitCode, EXIT.usage);
    t.regex(error.message, /^trial \d was not asked for, or was told before$/);
    t.is(error.next, 'tell each trial once that ask() has given');
  }
});

for (const [title, options, code, message] of [
  ['an unknown key', { parameters: PARAMETERS, metod: 'tpe' }, 'E_CONFIG_UNKNOWN_KEY', /did you mean method\?/],
  [
    'no parameter that varies',
    { parameters: { x: { value: 1 } } },
    'E_CONFIG_MISSING',
    /^parameters: nothing varies; expected a parameter/,
  ],
  ['a range without its end', { parameters: { x: { min: 1 } } }, 'E_CONFIG_MISSING', /max/],
  [
    'a range that is no number',
    { parameters: { x: { min: 0, max: Number.NaN } } },
    'E_CONFIG_RANGE',
    /^parameters\.x\.max: not a finite number; got NaN$/,
  ],
  [
    'a grid without an end',
    { method: 'grid', parameters: { x: { distribution: 'normal' } } },
    'E_CONFIG_VALUE',
    /^parameters\.x: a grid needs finitely many/,
  ],
  ['a constraint on nothing', { parameters: PARAMETERS, constraints: ['width > 1'] }, 'E_CONFIG_VALUE', /width/],
  [
    'a goal that is none',
    { parameters: PARAMETERS, goal: 'best' },
    'E_CONFIG_VALUE',
    /^goal: unknown value; got "best"; expected one of minimize, maximize$/,
  ],
] as const) {
  test(`a search with ${title} is ${code} (78)`, (t) => {
    const error = t.throws(() => new Search(options as SearchOptions), { instanceOf: GradloomError });
    t.is(error.code, code);
    t.is(error.exitCode, EXIT.config);
    t.regex(error.message, message);
  });
}
