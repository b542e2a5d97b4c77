import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { greyPng } from '../../data/images/support/png.ts';
import { idxBytes } from '../../data/support/idx-file.ts';
import { npyBytes } from '../../data/support/npy-file.ts';
import { zipBytes } from '../../data/support/zip-file.ts';
import { closeBrowser, lookAt, withoutBrowser } from '../../report/support/browser.ts';
import { gradloom as run, workplace } from '../support/run-cli.ts';

test.after.always(closeBrowser);

const CONFIGS = fileURLToPath(new URL('../../../../configs', import.meta.url));

const CSV = 'BMI,again,kind,one\n21.5,21.5,a,1\n30,30,b,1\nNA,NA,a,1\n18,18,,1\n';
const EXPERIMENT = `name: looked
data:
  source: {type: csv, path: rows.csv, target: y, categorical: [k]}
  split: {by: order, train: 3, val: 1, test: 1}
model: {layers: [{type: dense, units: 2}]}
`;
/** The last row is the first once more. */
const ROWS = 'a,k,y\n1,u,no\n2,v,yes\n3,u,no\n4,v,yes\n1,u,no\n';
const FILES = { 'body.csv': CSV, 'rows.csv': ROWS, 'looked.yaml': EXPERIMENT, 'bad.csv': 'a,b\n1,2\n1,2,3\n' };

test('data tells the columns of a file: types, ranges, missing values, constant and equal ones, and the first rows', async (t) => {
  const cwd = workplace(t, FILES);
  const { code, stdout } = await run(['data', 'body.csv', '--json', '--head', '2'], { cwd });
  t.is(code, 0);
  const profile = JSON.parse(stdout) as { rows: number; columns: object[]; duplicated: string[][]; head: unknown[] };
  t.is(profile.rows, 4);
  t.like(profile.columns[0], { name: 'BMI', type: 'number', missing: 1, constant: false, min: 18, max: 30, mean: 69.5 / 3 });
  t.like(profile.columns[2], { name: 'kind', type: 'text', missing: 1, distinct: 2 });
  t.like(profile.columns[3], { name: 'one', constant: true });
  t.deepEqual(profile.duplicated, [['BMI', 'again']]);
  t.deepEqual(profile.head, [
    [21.5, 21.5, 'a', 1],
    [30, 30, 'b', 1],
  ]);
  const shown = await run(['data', 'body.csv', '--head', '1'], { cwd });
  t.is(shown.code, 0);
  t.regex(shown.stdout, /body\.csv: 4 rows, 4 columns/);
  t.is(shown.stdout.match(/21\.5/g)?.length, 2);
});

test("data tells what training makes of an experiment's data: splits, classes, features, and rows that stand in two splits", async (t) => {
  const cwd = workplace(t, FILES);
  const { code, stdout } = await run(['data', 'looked.yaml', '--json'], { cwd });
  t.is(code, 0);
  const profile = JSON.parse(stdout) as { columns: { name: string }[] };
  t.like(profile, { rows: 5, splits: { train: 3, val: 1, test: 1 }, leakage: { rows: 1, examples: [[0, 4]] } });
  t.like(profile, {
    target: {
      classes: [
        { name: 'no', count: 3, train: 2, val: 0, test: 1 },
        { name: 'yes', count: 2, train: 1, val: 1, test: 0 },
      ],
    },
  });
  t.is(profile.columns.length, 3);
  const overridden = await run(['data', 'looked.yaml', 'data.split.val=0', '--json'], { cwd });
  t.like(JSON.parse(overridden.stdout), { splits: { train: 3, val: 0, test: 1 } });
});

test('what data cannot read is an error with its place and exit code', async (t) => {
  const cwd = workplace(t, FILES);
  const whole = npyBytes([4], Float32Array.of(1, 2, 3, 4));
  writeFileSync(path.join(cwd, 'whole.npy'), whole);
  writeFileSync(path.join(cwd, 'short.npy'), whole.subarray(0, -1));
  writeFileSync(path.join(cwd, 'short.npz'), zipBytes({ 'x.npy': whole }).subarray(0, -9));
  const cases: [args: string[], code: number, says: RegExp][] = [
    [['bad.csv'], 65, /bad\.csv:3 {2}error\[E_TABLE_FORMAT\]/],
    [['none.csv'], 65, /none\.csv {2}error\[E_DATA_READ\]/],
    [['short.npy'], 65, /short\.npy:\d+ {2}error\[E_DATA_LENGTH\]/],
    [['short.npz'], 65, /short\.npz.* {2}error\[E_DATA_/],
    [['whole.npy', '--html', 'page.html'], 64, /error\[E_USAGE\] {2}--html: a page is made of a table or an experiment/],
    [['looked.yaml', 'data.split={folds: 9, train: rest, test: 0}'], 65, /error\[E_DATA_SPLIT\].*9 folds of 5 samples/],
    [['body.csv', '--head', 'two'], 64, /--head/],
    [['looked.yaml', 'data.source.target=z'], 65, /error\[E_TABLE_COLUMN\].*no column z/],
    [['looked.yaml', 'data.source.tarket=z'], 78, /E_CONFIG_UNKNOWN_KEY/],
  ];
  for (const [args, code, says] of cases) {
    const done = await run(['data', ...args], { cwd });
    t.is(done.code, code, `${args.join(' ')}: ${done.stderr}`);
    t.regex(done.stderr, says);
    t.is(done.stdout, '');
  }
});

test('data tells the arrays of a file: types, shapes, ranges, classes with counts, memory, and the first rows', async (t) => {
  const cwd = workplace(t, {});
  const x = npyBytes([4, 2], Float64Array.of(1, 2, -3, 4, Number.NaN, 6, 7, 1e39));
  const y = npyBytes([4], BigInt64Array.of(7n, -1n, 7n, 7n));
  writeFileSync(path.join(cwd, 'x.npy'), x);
  writeFileSync(path.join(cwd, 'both.npz'), zipBytes({ 'x.npy': x, 'y.npy': y }));
  writeFileSync(
    path.join(cwd, 'images'),
    idxBytes(
      [2, 3, 3],
      Uint8Array.from({ length: 18 }, (_, i) => (i === 0 ? 255 : 0)),
    ),
  );
  writeFileSync(path.join(cwd, 'labels'), idxBytes([3], Uint8Array.of(2, 0, 2)));

  const npy = await run(['data', 'x.npy', '--json', '--head', '2'], { cwd });
  t.deepEqual(JSON.parse(npy.stdout), {
    path: 'x.npy',
    arrays: [
      {
        type: 'f64',
        shape: [4, 2],
        rows: 4,
        min: -3,
        max: 7,
        mean: 17 / 6,
        constant: false,
        not_finite: 2,
        memory_bytes: 32,
        head: [
          [1, 2],
          [-3, 4],
        ],
      },
    ],
  });
  const npz = await run(['data', 'both.npz', '--json'], { cwd });
  const { arrays } = JSON.parse(npz.stdout) as { arrays: { name: string; classes?: object[] }[] };
  t.deepEqual(
    arrays.map(({ name }) => name),
    ['x', 'y'],
  );
  t.deepEqual(arrays[1]?.classes, [
    { name: '-1', count: 1 },
    { name: '7', count: 3 },
  ]);
  const drawn = await run(['data', 'images', '--head', '1'], { cwd });
  t.regex(drawn.stdout, /u8 +2 x 3 x 3 +0 +255/);
  t.regex(drawn.stdout, /row 0\n@/);
  const labels = await run(['data', 'labels'], { cwd });
  t.regex(labels.stdout, /class +rows\n(?:.*\n)?0 +1\n2 +2/);
});

test('data tells of a folder of pictures its classes, sizes, channels and files that cannot be read', async (t) => {
  const cwd = workplace(t, {});
  for (const [label, count] of [
    ['cat', 3],
    ['dog', 2],
  ] as const) {
    mkdirSync(path.join(cwd, 'pets', label), { recursive: true });
    for (let i = 0; i < count; i++) writeFileSync(path.join(cwd, 'pets', label, `${i}.png`), greyPng(4, 5));
  }
  const whole = await run(['data', 'pets', '--head', '1'], { cwd });
  t.is(whole.code, 0, whole.stderr);
  t.regex(whole.stdout, /^pets: 5 pictures, 2 classes, 0\.3 KiB in memory as RGB\nclass +pictures\ncat +3\ndog +2\n/);
  t.regex(
    whole.stdout,
    /\nsize \(height x width\): (?:4 x 5|5 x 4)\nchannels: all grey; channels: 1 in data\.source keeps them so\npets\/cat\/0\.png, class cat\n/,
  );

  writeFileSync(path.join(cwd, 'pets', 'dog', 'x.png'), greyPng(4, 5).subarray(0, 50));
  writeFileSync(path.join(cwd, 'pets', 'dog', 'y.png'), greyPng(6, 6));
  const spoilt = await run(['data', 'pets', '--json'], { cwd });
  t.is(spoilt.code, 0, spoilt.stderr);
  const profile = JSON.parse(spoilt.stdout) as { sizes: { count: number }[]; unreadable: { path: string }[] };
  t.like(profile, {
    rows: 6,
    classes: [
      { name: 'cat', count: 3, unreadable: 0 },
      { name: 'dog', count: 3, unreadable: 1 },
    ],
    channels: { grey: 6, rgb: 0 },
  });
  t.deepEqual(
    profile.sizes.map(({ count }) => count),
    [5, 1],
  );
  t.deepEqual(
    profile.unreadable.map((one) => one.path),
    ['pets/dog/x.png'],
  );
  const told = await run(['data', 'pets'], { cwd });
  t.regex(told.stdout, /2 sizes .*; to train on them say size: \[\d, \d\]/);
  t.regex(told.stdout, /1 file cannot be read, and training would refuse the folder:\n {2}pets\/dog\/x\.png: \S/);

  writeFileSync(path.join(cwd, 'pets', 'stray.png'), greyPng(4, 5));
  const stray = await run(['data', 'pets'], { cwd });
  t.is(stray.code, 65);
  t.regex(stray.stderr, /pets\/stray\.png {2}error\[E_DATA_MISMATCH\].*\nnext: put the pictures of each class into a folder/);
});

test('pages of pictures show some of each class in place of histograms of pixels, and where they are saved is said', async (t) => {
  const cwd = workplace(t, FILES);
  const digits = path.join(CONFIGS, 'data', 'digits');
  const arrays = { x: 'x.npy', y: 'y.npy' };
  writeFileSync(
    path.join(cwd, 'x.npy'),
    npyBytes(
      [20, 3, 4],
      Float32Array.from({ length: 240 }, (_, i) => i % 7),
    ),
  );
  writeFileSync(
    path.join(cwd, 'y.npy'),
    npyBytes(
      [20],
      BigInt64Array.from({ length: 20 }, (_, i) => BigInt(i % 2)),
    ),
  );
  writeFileSync(
    path.join(cwd, 'arrays.yaml'),
    `data: {source: {type: npy, x: ${arrays.x}, y: ${arrays.y}}, split: {val: 2, test: 2}}\nmodel: {layers: [{type: dense, units: 2}]}\ntrain: {steps: 1}\n`,
  );
  for (const [args, classes] of [
    [[digits], 10],
    [[path.join(CONFIGS, 'digits-folder.yaml')], 10],
    [['arrays.yaml'], 2],
  ] as const) {
    const done = await run(['data', ...args, '--html', 'page.html'], { cwd });
    t.is(done.code, 0, done.stderr);
    t.true(done.stdout.endsWith('\nsaved  page.html\n'), done.stdout.slice(-200));
    const page = readFileSync(path.join(cwd, 'page.html'), 'utf8');
    t.is(page.match(/<h3>Class /g)?.length, classes);
    t.true((page.match(/<img src="data:image\/png/g)?.length ?? 0) >= 2 * classes);
    t.false(page.includes('<rect'));
    t.true(page.includes('img-src data:'));
  }
  const table = await run(['data', 'rows.csv', '--html', 'rows.html'], { cwd });
  t.true(table.stdout.endsWith('\nsaved  rows.html\n'));
  t.true(readFileSync(path.join(cwd, 'rows.html'), 'utf8').includes('<rect'));
});

test('data shows the folds of an experiment, and one of them where it is named', async (t) => {
  const cwd = workplace(t, FILES);
  const folds = ['data.split={folds: 2, train: rest, test: 0, by: order}'];
  const { code, stdout } = await run(['data', 'looked.yaml', ...folds, '--json'], { cwd });
  t.is(code, 0);
  t.like(JSON.parse(stdout), {
    splits: { train: 2, val: 3, test: 0 },
    folds: [
      { fold: 0, train: 2, val: 3, classes: [2, 1] },
      { fold: 1, train: 3, val: 2, classes: [1, 1] },
    ],
    leakage: { rows: 1, examples: [[0, 4]] },
  });
  const shown = await run(['data', 'looked.yaml', ...folds], { cwd });
  t.regex(shown.stdout, /2 folds, each val of one run/);
  t.regex(shown.stdout, /1 +3 +2 +1 +1/);
  t.regex(shown.stdout, /1 sample stands in two folds, or in one and test/);
  const one = await run(['data', 'looked.yaml', ...folds, '+data.split.fold=1', '--json'], { cwd });
  t.like(JSON.parse(one.stdout), { splits: { train: 3, val: 2, test: 0 }, folds: undefined });
});

const inBrowser = withoutBrowser === undefined ? test : test.skip;
inBrowser('pages of data open in a browser without a console message or a request', async (t) => {
  const cwd = workplace(t, FILES);
  for (const file of ['body.csv', 'looked.yaml', path.join(CONFIGS, 'digits-folder.yaml'), path.join(CONFIGS, 'data', 'digits')]) {
    const page = path.join(cwd, `${path.basename(file)}.html`);
    t.is((await run(['data', file, '--html', page], { cwd })).code, 0);
    t.true(existsSync(page));
    for (const width of [400, 1400]) {
      const { troubles, excess, result } = await lookAt(page, width, 'dark', 'document.querySelectorAll("svg, table, img").length');
      t.deepEqual(troubles, []);
      t.true(excess <= 0, `${file}: ${excess} pixels too wide for ${width}`);
      t.true(Number(result) > 0);
    }
  }
});
