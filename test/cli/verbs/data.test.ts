import { existsSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { closeBrowser, lookAt, withoutBrowser } from '../../report/support/browser.ts';
import { gradloom as run, workplace } from '../support/run-cli.ts';

test.after.always(closeBrowser);

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
  const cases: [args: string[], code: number, says: RegExp][] = [
    [['bad.csv'], 65, /bad\.csv:3 {2}error\[E_TABLE_FORMAT\]/],
    [['none.csv'], 65, /none\.csv {2}error\[E_DATA_READ\]/],
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

const inBrowser = withoutBrowser === undefined ? test : test.skip;
inBrowser('pages of data open in a browser without a console message or a request', async (t) => {
  const cwd = workplace(t, FILES);
  for (const file of ['body.csv', 'looked.yaml']) {
    const page = path.join(cwd, `${file}.html`);
    t.is((await run(['data', file, '--html', page], { cwd })).code, 0);
    t.true(existsSync(page));
    for (const width of [400, 1400]) {
      const { troubles, excess, result } = await lookAt(page, width, 'dark', 'document.querySelectorAll("svg, table").length');
      t.deepEqual(troubles, []);
      t.true(excess <= 0, `${file}: ${excess} pixels too wide for ${width}`);
      t.true(Number(result) > 0);
    }
  }
});
