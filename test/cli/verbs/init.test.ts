import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { EXIT } from '../../../src/errors.ts';
import { idxBytes } from '../../data/support/idx-file.ts';
import { npyBytes } from '../../data/support/npy-file.ts';
import { gradloom, MAIN, workplace } from '../support/run-cli.ts';
import { atTerminal, hasTerminals } from '../support/terminal.ts';

const DATA = fileURLToPath(new URL('../../../../configs/data', import.meta.url));
const ROWS = 60;
const onTerminal = (await hasTerminals()) ? test.serial : test.serial.skip;

/** A table of text with a name for each row, a constant column, words, missing values and a number to predict. */
const HOUSES = `id,country,kind,size,price\n${Array.from(
  { length: 80 },
  (_, i) => `house ${i},here,${i % 2 === 0 ? 'flat' : 'house'},${i % 9 === 0 ? '' : i},${1.5 * i + 0.25}`,
).join('\n')}\n`;

const classOf = (i: number): number => i % 3;
const cases: { title: string; data: string; make: (place: string) => void; says: RegExp }[] = [
  {
    title: 'a table of text with missing values, words, names and a constant column',
    data: 'houses.csv',
    make: (place) => writeFileSync(path.join(place, 'houses.csv'), HOUSES),
    says: /target: price.*\n +categorical: \[kind\].*\n +drop: \[id, country\].*\n +missing: median/,
  },
  {
    title: 'a Parquet table whose column of classes is called so, though it stands first',
    data: 'kinds.parquet',
    make: (place) => {
      const values = Array.from({ length: ROWS }, (_, i) => i);
      const columnData = [
        { name: 'label', data: values.map((i) => ['a', 'b', 'c'][i % 3] ?? '') },
        { name: 'width', data: values.map((i) => classOf(i) + i / 100) },
      ];
      writeFileSync(path.join(place, 'kinds.parquet'), Buffer.from(parquetWriteBuffer({ columnData })));
    },
    says: /type: parquet\n(?:.*\n)* +target: label/,
  },
  {
    title: 'an array of NumPy with its labels beside it',
    data: 'x_train.npy',
    make: (place) => {
      writeFileSync(
        path.join(place, 'x_train.npy'),
        npyBytes(
          [ROWS, 4],
          Float32Array.from({ length: ROWS * 4 }, (_, i) => classOf(i >> 2)),
        ),
      );
      writeFileSync(
        path.join(place, 'y_train.npy'),
        npyBytes(
          [ROWS],
          Int32Array.from({ length: ROWS }, (_, i) => classOf(i)),
        ),
      );
    },
    says: /x: \.\/x_train\.npy.*\n +y: \.\/y_train\.npy/,
  },
  {
    title: 'IDX files as MNIST has them',
    data: 'train-images-idx3-ubyte',
    make: (place) => {
      writeFileSync(
        path.join(place, 'train-images-idx3-ubyte'),
        idxBytes(
          [ROWS, 2, 2],
          Array.from({ length: ROWS * 4 }, (_, i) => 80 * classOf(i >> 2)),
        ),
      );
      writeFileSync(
        path.join(place, 'train-labels-idx1-ubyte'),
        idxBytes(
          [ROWS],
          Array.from({ length: ROWS }, (_, i) => classOf(i)),
        ),
      );
    },
    says: /images: \.\/train-images-idx3-ubyte.*\n +labels: \.\/train-labels-idx1-ubyte(?:.*\n)* +layers:\n +- \{type: dense/,
  },
  {
    title: 'a folder of pictures',
    data: 'digits',
    make: (place) => cpSync(path.join(DATA, 'digits'), path.join(place, 'digits'), { recursive: true }),
    says: /size: \[28, 28\].*\n +channels: 1(?:.*\n)* +layers:\n +- \{type: conv2d, filters: 16.*\n +- \{type: max_pool2d, kernel: 2\}/,
  },
  {
    title: 'pictures of NumPy with colours and an odd side',
    data: 'images.npy',
    make: (place) => {
      const pixels = 3 * 18 * 9;
      const colours = Float32Array.from({ length: ROWS * pixels }, (_, i) => classOf(Math.floor(i / pixels)));
      writeFileSync(path.join(place, 'images.npy'), npyBytes([ROWS, 3, 18, 9], colours));
      writeFileSync(
        path.join(place, 'labels.npy'),
        npyBytes(
          [ROWS],
          Int32Array.from({ length: ROWS }, (_, i) => classOf(i)),
        ),
      );
    },
    says: /layers:\n +- \{type: conv2d, filters: 16, kernel: 3.*\n +- \{type: max_pool2d, kernel: 2, drop_rest: true\}.*\n +- \{type: dense/,
  },
];

for (const { title, data, make, says } of cases) {
  test(`what init writes for ${title} passes check and trains`, async (t) => {
    const cwd = workplace(t, {});
    make(cwd);
    const written = await gradloom(['init', 'mine.yaml', '--data', data], { cwd });
    t.is(written.code, EXIT.ok, written.stderr);
    t.regex(readFileSync(path.join(cwd, 'mine.yaml'), 'utf8'), says);
    t.is((await gradloom(['check', 'mine.yaml'], { cwd })).code, EXIT.ok);
    const trained = await gradloom(['train', 'mine.yaml', 'train.epochs=2'], { cwd });
    t.is(trained.code, EXIT.ok, trained.stderr);
    t.regex(trained.stdout, /^run +mine: finished/m);
  });
}

test('a file that is there is not replaced, and a draft that would not train is not left behind', async (t) => {
  const cwd = workplace(t, { 'a.csv': 'x,y\n1,2\n', 'a.yaml': 'mine' });
  const again = await gradloom(['init', '--data', 'a.csv'], { cwd });
  t.is(again.code, EXIT.usage);
  t.is(
    again.stderr,
    `error[E_USAGE]  a.yaml: there is one already, and nothing is replaced; name another\nnext: node ${MAIN} init --help\n`,
  );
  t.is(readFileSync(path.join(cwd, 'a.yaml'), 'utf8'), 'mine');
  const tooFew = await gradloom(['init', 'b.yaml', '--data', 'a.csv'], { cwd });
  t.is(tooFew.code, EXIT.data, tooFew.stderr);
  t.deepEqual(readdirSync(cwd).toSorted(), ['a.csv', 'a.yaml']);
});

const wrong: [title: string, args: string[], code: number, says: RegExp][] = [
  [
    'nobody can be asked for the data',
    [],
    EXIT.usage,
    /--data is missing, and nobody can be asked here; expected gradloom init --data PATH/,
  ],
  [
    'a column is misspelt',
    ['--data', 'a.csv', '--target', 'heigt'],
    EXIT.usage,
    /^a\.csv {2}error\[E_USAGE\] {2}no column heigt; did you mean height\?/,
  ],
  [
    'the labels of an array are nowhere',
    ['--data', 'x.npy'],
    EXIT.usage,
    /^x\.npy {2}error\[E_USAGE\] {2}it has inputs only; where are the labels\?/,
  ],
  ['an array is given a column', ['--data', 'x.npy', '--labels', 'x.npy', '--target', 'a'], EXIT.usage, /--target: x\.npy has no columns/],
  ['the data is no file', ['--data', 'nothing.csv'], EXIT.data, /^nothing\.csv {2}error\[E_DATA_READ\]/],
  ['the experiment would be no YAML', ['a.csv'], EXIT.usage, /a\.csv: an experiment is a \.yaml file; the data goes with --data/],
];
for (const [title, args, code, says] of wrong) {
  test(`init says so where ${title}`, async (t) => {
    const cwd = workplace(t, { 'a.csv': 'width,height\n1,2\n3,4\n' });
    writeFileSync(path.join(cwd, 'x.npy'), npyBytes([2, 2], new Float32Array(4)));
    const before = readdirSync(cwd);
    const done = await gradloom(['init', ...args], { cwd });
    t.is(done.code, code, done.stderr);
    t.regex(done.stderr, says);
    t.deepEqual(readdirSync(cwd), before);
  });
}

onTerminal('at a terminal init asks for the data, the column and the file, with what it would take', async (t: ExecutionContext) => {
  const cwd = workplace(t, { 'houses.csv': HOUSES });
  const { code, lines } = await atTerminal([process.execPath, MAIN, 'init'], {
    cwd,
    columns: 80,
    acts: [
      { after: 'folder of pictures: ', keys: '\r' },
      { after: 'folder of pictures: ', keys: 'houses.csv\r' },
      { after: '[price]: ', keys: 'size\r' },
      { after: '[houses.yaml]: ', keys: 'kind.yaml\r' },
    ],
  });
  // A number to predict must be there in every row.
  t.is(code, EXIT.data, lines.join('\n'));
  t.true(lines.includes('nothing is written: what was drafted would not train'));
  t.false(existsSync(path.join(cwd, 'kind.yaml')));
  const good = await atTerminal([process.execPath, MAIN, 'init'], {
    cwd,
    columns: 80,
    acts: [
      { after: 'folder of pictures: ', keys: 'houses.csv\r' },
      { after: '[price]: ', keys: '\r' },
      { after: '[houses.yaml]: ', keys: '\r' },
    ],
  });
  t.is(good.code, EXIT.ok, good.raw);
  t.deepEqual(good.lines.slice(0, 2), [
    'data: a table, arrays, or a folder of pictures: houses.csv',
    'columns: id, country, kind, size, price',
  ]);
  t.regex(good.lines.at(-1) ?? '', / train houses\.yaml$/);
  const left = await atTerminal([process.execPath, MAIN, 'init'], { cwd, columns: 80, acts: [{ after: 'pictures: ', keys: '\u0004' }] });
  t.is(left.code, EXIT.usage);
  t.regex(left.lines.join('\n'), /^error\[E_USAGE\] {2}no answer: nothing is written$/m);
});

onTerminal('an answer that will not do is asked for again, and Ctrl-C leaves with 130', async (t: ExecutionContext) => {
  const cwd = workplace(t, { 'my houses.csv': HOUSES, 'my-houses.yaml': 'mine' });
  const acts = [
    { after: 'pictures: ', keys: 'nothing.csv\r' },
    { after: 'E_DATA_READ', keys: '' },
    { after: 'pictures: ', keys: "'my houses.csv'\r" },
    { after: '[price]: ', keys: 'prise\r' },
    { after: 'no column prise; did you mean price?', keys: '' },
    { after: '[price]: ', keys: '\r' },
    { after: '[my-houses-2.yaml]: ', keys: 'my-houses.yaml\r' },
    { after: 'there is one already', keys: '' },
    { after: '[my-houses-2.yaml]: ', keys: 'houses.txt\r' },
    { after: 'an experiment is a .yaml file', keys: '' },
  ];
  const last = { after: '[my-houses-2.yaml]: ' };
  const done = await atTerminal([process.execPath, MAIN, 'init'], { cwd, columns: 80, acts: [...acts, { ...last, keys: '\r' }] });
  t.is(done.code, EXIT.ok, done.raw);
  t.regex(readFileSync(path.join(cwd, 'my-houses-2.yaml'), 'utf8'), /^ {4}path: "?\.\/my houses\.csv"? /m);
  t.is(readFileSync(path.join(cwd, 'my-houses.yaml'), 'utf8'), 'mine');
  const left = await atTerminal([process.execPath, MAIN, 'init'], {
    cwd,
    columns: 80,
    acts: [
      { after: 'pictures: ', keys: 'my\\ houses.csv\r' },
      { after: '[price]: ', keys: '\u0003' },
    ],
  });
  t.is(left.code, EXIT.interrupted, left.raw);
  t.is(left.lines.at(-1), 'nothing is written');
});

test('classes count wherever they stand in the file, and a link that leads nowhere is not replaced', async (t) => {
  const rows = Array.from({ length: 12_000 }, (_, i) => `${(i * 7) % 13},${Math.floor(i / 4000)}`);
  const texts = Array.from({ length: 25 * 12 + 1 }, (_, i) => `${i},c${i < 300 ? i % 25 : 'rare'}`);
  const cwd = workplace(t, { 'sorted.csv': `x,digit\n${rows.join('\n')}\n`, 'rare.csv': `x,class\n${texts.join('\n')}\n` });
  const sorted = await gradloom(['init', '--data', 'sorted.csv'], { cwd });
  t.is(sorted.code, EXIT.ok, sorted.stderr);
  t.regex(readFileSync(path.join(cwd, 'sorted.yaml'), 'utf8'), /units: 3\}[\s\S]*softmax_cross_entropy/);
  const rare = await gradloom(['init', '--data', 'rare.csv'], { cwd });
  t.is(rare.code, EXIT.ok, rare.stderr);
  symlinkSync('nowhere', path.join(cwd, 'link.yaml'));
  t.is((await gradloom(['init', 'link.yaml', '--data', 'rare.csv'], { cwd })).code, EXIT.usage);
  t.deepEqual(readdirSync(cwd).toSorted(), ['link.yaml', 'rare.csv', 'rare.yaml', 'sorted.csv', 'sorted.yaml']);
});
