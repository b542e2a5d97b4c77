import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { loadExperiment } from '../../../src/config/load.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { MAIN, gradloom as run, workplace } from '../support/run-cli.ts';

const CONFIGS = fileURLToPath(new URL('../../../../configs', import.meta.url));
const IRIS = path.join(CONFIGS, 'data', 'iris.csv');

interface Trained {
  directory: string;
  last: Record<string, number>;
}

async function trained(cwd: string, config: string): Promise<Trained> {
  const { stdout, stderr } = await run(['train', path.join(CONFIGS, config), `track.dir=${cwd}/runs`, '--json'], { cwd });
  return JSON.parse(stdout === '' ? stderr : stdout) as Trained;
}

async function evaluated(directory: string, ...more: string[]): Promise<Record<string, unknown>> {
  return JSON.parse((await run(['evaluate', directory, ...more, '--json'])).stdout) as Record<string, unknown>;
}

/** Lines of a file in a work place, after `change`. */
function changed(cwd: string, name: string, change: (line: string, index: number) => string): string {
  const lines = readFileSync(IRIS, 'utf8').trimEnd().split('\n');
  const file = path.join(cwd, name);
  writeFileSync(file, `${lines.map(change).join('\n')}\n`);
  return file;
}

async function refused(t: ExecutionContext, args: string[], ...texts: string[]): Promise<void> {
  const { code, stderr } = await run(args);
  t.is(code, 65, stderr);
  for (const text of texts) t.true(stderr.includes(text), stderr);
}

/** The first line of a JSON stream that a child answers. */
function nextLine({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => stdout?.once('data', (bytes: Buffer) => resolve(bytes.toString().trimEnd())));
}

test('a table of classes: evaluate has the numbers of training, predict those of evaluate, whatever the form of input and output', async (t) => {
  t.timeout(120_000);
  const cwd = workplace(t, {});
  const { directory, last } = await trained(cwd, 'iris.yaml');
  const own = await evaluated(directory);
  t.is(own['loss'], last['test.loss']);
  t.is(own['accuracy'], last['test.accuracy']);

  const predicted = async (input: string, output: string, ...more: string[]): Promise<Buffer> => {
    const { code, stderr } = await run(['predict', directory, '--input', input, '--output', path.join(cwd, output), ...more]);
    t.is(code, 0, stderr);
    return readFileSync(path.join(cwd, output));
  };
  const csv = (await predicted(IRIS, 'y.csv', '--proba')).toString();
  const [head, ...lines] = csv.trimEnd().split('\n');
  t.is(head, 'prediction,p_setosa,p_versicolor,p_virginica');
  const names = lines.map((line) => line.split(',')[0]);

  const { experiment } = loadExperiment(path.join(CONFIGS, 'iris.yaml'));
  const { splits } = await loadDataset(experiment);
  const truth = readFileSync(IRIS, 'utf8').trimEnd().split('\n').slice(1);
  const right = [...splits.test].filter((row) => truth[row]?.endsWith(`,${names[row]}`)).length;
  t.is(own['accuracy'], right / splits.test.length);

  const objects = (await predicted(IRIS, 'y.jsonl', '--proba'))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { prediction: string; label: number; probabilities: number[] });
  t.deepEqual(
    objects.map(({ prediction, probabilities }) => [prediction, ...probabilities].join(',')),
    lines,
  );
  const npy = await predicted(IRIS, 'y.npy');
  t.is(npy.length, 128 + 8 * names.length);
  t.deepEqual(
    names.map((_, row) => Number(npy.readBigInt64LE(128 + 8 * row))),
    objects.map(({ label }) => label),
  );
  const reordered = changed(cwd, 'turned.csv', (line) => line.split(',').toReversed().join(';'));
  t.is((await predicted(reordered, 'turned.csv', '--proba')).toString(), csv);
  const zipped = path.join(cwd, 'iris.csv.gz');
  writeFileSync(zipped, gzipSync(readFileSync(IRIS)));
  t.is((await predicted(zipped, 'z.csv', '--proba')).toString(), csv);

  const all = path.join(cwd, 'all.yaml');
  writeFileSync(all, `source: {type: csv, path: "${IRIS}", target: species}\n`);
  const whole = await evaluated(directory, '--data', all);
  t.is(whole['rows'], truth.length);
  // A bare file is read as the run's own source.
  t.deepEqual({ ...(await evaluated(directory, '--data', IRIS)), data: all }, whole);
  t.deepEqual({ ...(await evaluated(directory, '--data', zipped)), data: all }, whole);
  const nothing = changed(cwd, 'none.csv', () => '');
  await refused(
    t,
    ['predict', directory, '--input', nothing],
    'none.csv  error[E_DATA_EMPTY]  holds no rows',
    'next: name a file with a row of names and a row for each sample',
  );
  for (const args of [
    ['predict', directory, '--input', 'gone.csv'],
    ['evaluate', directory, '--data', 'gone.csv'],
    ['data', 'gone.csv'],
  ])
    await refused(t, args, 'gone.csv  error[E_DATA_READ]  cannot be read: ENOENT', 'next: check the path and its permissions\n');
  await refused(
    t,
    ['evaluate', directory, '--data', path.join(cwd, 'y.npy')],
    'y.npy  error[E_DATA_MAGIC]  this is a NumPy array (.npy); a run trained on `type: csv` takes a file of that type, or a YAML file',
    'next: write source: {type: npy, x: ./y.npy, y: <labels.npy>} into a YAML file and name that',
  );
  await refused(
    t,
    ['evaluate', path.join(directory, 'model.safetensors'), '--data', IRIS],
    'iris.csv  error[E_DATA_MAGIC]  this is CSV; a model without its run takes a YAML file that says where rows come from',
    'next: write source: {type: csv, path: ./iris.csv, target: <column>} into a YAML file and name that',
  );
  const list = path.join(cwd, 'list.yaml');
  writeFileSync(list, '- a\n');
  const wrong = await run(['evaluate', directory, '--data', list]);
  t.is(wrong.code, 78);
  t.regex(
    wrong.stderr,
    /E_CONFIG_TYPE.*expected a map of keys\n[\s\S]*next: write source: \{type: \.\.\., \.\.\.\}, or name an experiment/,
  );
  t.is(whole['accuracy'], names.filter((name, row) => truth[row]?.endsWith(`,${name}`)).length / truth.length);

  await refused(
    t,
    ['predict', directory, '--input', changed(cwd, 'less.csv', (line) => line.replace(/^[^,]*,/, ''))],
    'less.csv  error[E_TABLE_COLUMN]  a column is missing: sepal_length',
    'next: add a column sepal_length; the columns are sepal_width, petal_length, petal_width, species',
  );
  await refused(
    t,
    ['predict', directory, '--input', changed(cwd, 'more.csv', (line, i) => `${line},${i === 0 ? 'colour' : 1}`)],
    'more.csv  error[E_TABLE_COLUMN]  a column is not known to the model: colour',
    'next: remove it; the model takes sepal_length',
  );
  await refused(
    t,
    ['predict', directory, '--input', changed(cwd, 'word.csv', (line, i) => (i === 6 ? line.replace(/^[^,]*/, 'long') : line))],
    'word.csv:7  error[E_TABLE_VALUE]  column sepal_length: "long"; expected a number',
    'next: correct the value, or remove the row',
  );
  changed(cwd, 'rose.csv', (line, i) => (i === 4 ? line.replace('setosa', 'rose') : line));
  const rose = path.join(cwd, 'rose.yaml');
  writeFileSync(rose, 'source: {type: csv, path: ./rose.csv, target: species}\n');
  await refused(
    t,
    ['evaluate', directory, '--data', rose],
    'rose.csv:5  error[E_LABEL_RANGE]  class rose; the model knows setosa, versicolor, virginica',
  );

  const more = path.join(cwd, 'more.yaml');
  writeFileSync(more, 'source: {type: csv, path: ./more.csv, target: species}\n');
  await refused(
    t,
    ['evaluate', directory, '--data', more],
    'more.csv  error[E_TABLE_COLUMN]  a column is not known to the model: colour',
    'next: remove it, or add it to drop of the source; the model takes sepal_length',
  );
  const less = path.join(cwd, 'less.yaml');
  writeFileSync(less, 'source: {type: csv, path: ./less.csv, target: species}\n');
  await refused(t, ['evaluate', directory, '--data', less], 'less.csv  error[E_TABLE_COLUMN]  no column sepal_length');
  writeFileSync(more, 'source: {type: csv, path: ./more.csv, target: species, drop: [colour]}\n');
  t.deepEqual(await evaluated(directory, '--data', more), { ...whole, data: more });

  const child = spawn(process.execPath, [MAIN, 'predict', directory, '--input', '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill());
  const row = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2, species: 'unknown' };
  for (const line of [JSON.stringify(row), '[5.1, 3.5, 1.4, 0.2]']) {
    const answer = nextLine(child);
    // The answer comes before the end of the input.
    child.stdin.write(`${line}\n`);
    t.is(await answer, '{"prediction":"setosa","label":0}');
  }
  child.stdin.end();

  const server = spawn(process.execPath, [MAIN, 'serve', directory, '--port', '0', '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => server.kill());
  const { url } = JSON.parse(await nextLine(server)) as { url: string };
  const response = await fetch(new URL('/predict', url), { method: 'POST', body: JSON.stringify({ rows: [row] }) });
  const { predictions } = (await response.json()) as { predictions: string[] };
  t.deepEqual(predictions, ['setosa']);
});

test('a regression with a column of words: predictions have the mean squared error that evaluate tells', async (t) => {
  t.timeout(120_000);
  const cwd = workplace(t, {});
  const { directory, last } = await trained(cwd, 'diabetes.yaml');
  t.is((await evaluated(directory))['loss'], last['test.loss']);
  const file = path.join(CONFIGS, 'data', 'diabetes.csv');
  const { stdout } = await run(['predict', directory, '--input', file]);
  const [head, ...numbers] = stdout.trimEnd().split('\n');
  t.is(head, 'prediction');
  const truth = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',').at(-1)));
  const error = truth.reduce((sum, value, row) => sum + (value - Number(numbers[row])) ** 2, 0) / truth.length;
  const data = path.join(cwd, 'all.yaml');
  writeFileSync(data, `source: {type: csv, path: "${file}", target: progression}\n`);
  const { rows, rmse } = await evaluated(directory, '--data', data);
  t.is(rows, truth.length);
  t.true(Math.abs(Math.sqrt(error) / Number(rmse) - 1) < 1e-5);
});

test('pictures: a folder with names of the files, one file, and other folders to evaluate', async (t) => {
  t.timeout(120_000);
  const cwd = workplace(t, {});
  const { directory, last } = await trained(cwd, 'digits-folder.yaml');
  t.is((await evaluated(directory))['accuracy'], last['test.accuracy']);
  const folder = path.join(CONFIGS, 'data', 'digits');
  const { stdout } = await run(['predict', directory, '--input', folder]);
  const [head, ...lines] = stdout.trimEnd().split('\n');
  t.is(head, 'file,prediction');
  t.deepEqual(lines, lines.toSorted());
  const data = path.join(cwd, 'all.yaml');
  writeFileSync(data, `source: {type: images, path: "${folder}"}\n`);
  const { rows, accuracy } = await evaluated(directory, '--data', data);
  t.is(rows, lines.length);
  t.is(lines.filter((line) => line.split('/')[0] === line.split(',')[1]).length / lines.length, Number(accuracy));

  const one = await run(['predict', directory, '--input', path.join(folder, '3', '00.png')]);
  const known = lines.find((line) => line.startsWith('3/00.png,'));
  t.is(one.stdout, `prediction\n${known?.split(',')[1]}\n`);
  await refused(
    t,
    ['predict', directory, '--input', IRIS],
    'this is CSV; the model reads its rows from PNG, JPEG, a folder of such pictures',
  );
});
