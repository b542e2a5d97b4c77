import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { gradloom as run, SMALL, workplace } from '../support/run-cli.ts';

test('evaluate and predict from end to end: numbers of the summary, formats, and a file that is whole or not there', async (t) => {
  const cwd = workplace(t, { 'small.yaml': SMALL });
  const trained = JSON.parse((await run(['train', 'small.yaml', '--json'], { cwd })).stdout) as { last: Record<string, number> };
  const evaluated = await run(['evaluate', '@last', '--split', 'val', '--json'], { cwd });
  t.is(evaluated.code, 0);
  const numbers = JSON.parse(evaluated.stdout) as Record<string, unknown>;
  t.is(numbers['loss'], trained.last['val.loss']);
  t.is(numbers['accuracy'], trained.last['val.accuracy']);
  t.true((await run(['evaluate', '@last'], { cwd })).stdout.includes('true \\ predicted'));

  writeFileSync(path.join(cwd, 'x.jsonl'), '[0, 1]\n\n[2.5, -1]\n[1, 1]');
  const csv = await run(['predict', '@last', '--input', 'x.jsonl', '--proba'], { cwd });
  const [head, ...lines] = csv.stdout.trimEnd().split('\n');
  t.is(head, 'prediction,p_0,p_1,p_2');
  t.is(lines.length, 3);
  t.is((await run(['predict', '@last', '--input', 'x.jsonl', '--output', 'y.csv', '--proba'], { cwd })).code, 0);
  t.is(readFileSync(path.join(cwd, 'y.csv'), 'utf8'), csv.stdout);
  await run(['predict', '@last', '--input', 'x.jsonl', '--output', 'y.npy'], { cwd });
  const npy = readFileSync(path.join(cwd, 'y.npy'));
  t.true(npy.toString('latin1', 10, 128).startsWith("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }"));
  t.is(npy.length, 128 + 3 * 8);

  writeFileSync(path.join(cwd, 'bad.jsonl'), '[0, 1]\n[1]\n');
  const bad = await run(['predict', '@last', '--input', 'bad.jsonl', '--output', 'z.csv'], { cwd });
  t.is(bad.code, 65);
  t.true(bad.stderr.includes('bad.jsonl:2  error[E_ROW]  1 values; expected 2 numbers'), bad.stderr);
  t.deepEqual(
    readdirSync(cwd).filter((name) => name === 'z.csv' || name.startsWith('.tmp')),
    [],
  );
  const shown = await run(['predict', '@last', '--input', 'bad.jsonl'], { cwd });
  t.true(shown.stderr.includes('kept: the first 1 prediction, written already'), shown.stderr);
});

test('wrong arguments of evaluate, predict and serve say what is expected, with exit code 64', async (t) => {
  const cases: [args: string[], message: string][] = [
    [['evaluate', 'x', '--split', 'dev'], '--split: expected train, val, test; got dev'],
    [['evaluate', 'x', '--checkpoint', 'first'], '--checkpoint: expected best, last or a step; got first'],
    [['evaluate', 'x', '--data', 'a.yaml', '--split', 'val'], '--split is of the data of the run; with --data all rows are evaluated'],
    [['predict', 'x'], '--input is missing; expected --input FILE'],
    [['predict', 'x', '--input', 'a', '--output', 'b.txt'], '--output: expected a name that ends in .csv, .jsonl or .npy; got b.txt'],
    [['predict', 'x', '--input', 'a', '--output', 'b.npy', '--top', '2'], '--top goes with csv and jsonl'],
    [['serve', 'x'], '--port is missing'],
    [['serve', 'x', '--port', '70000'], '--port: expected a number from 0 to 65535; got 70000'],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await run(args);
    t.is(code, 64, args.join(' '));
    t.true(stderr.includes(message), stderr);
  }
});
