import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { parquetReadObjects } from 'hyparquet';
import { writeRun } from '../../runs/support/stored-runs.ts';
import { gradloom, workplace } from '../support/run-cli.ts';

const FIRST = 'mnist-20260101-000000-aaaaaa';
const SECOND = 'mnist-20260102-000000-bbbbbb';
const METRICS = [
  { step: 0, epoch: 0, 'train.loss': 2.5, lr: 0.1 },
  { step: 10, epoch: 1, 'val.loss': null },
];

function runs(t: Parameters<typeof workplace>[0]): string {
  const cwd = workplace(t, {});
  writeRun(path.join(cwd, 'runs'), FIRST, { metrics: METRICS });
  writeRun(path.join(cwd, 'runs'), SECOND, { metrics: [{ step: 3, epoch: 0, 'train.loss': 1e-9 }] });
  return cwd;
}

const CSV = `run,step,epoch,metric,value\r\n${FIRST},0,0,train.loss,2.5\r\n${FIRST},0,0,lr,0.1\r\n${FIRST},10,1,val.loss,NaN\r\n`;

test('runs export prints a line a value, or writes them to a file', async (t) => {
  const cwd = runs(t);
  t.deepEqual(await gradloom(['runs', 'export', 'aaaaaa'], { cwd }), { code: 0, stdout: CSV, stderr: '' });
  const saved = await gradloom(['runs', 'export', 'aaaaaa', 'bbbbbb', '--csv', '-o', 'm.csv', '--json'], { cwd });
  t.deepEqual(JSON.parse(saved.stdout), { runs: [FIRST, SECOND], files: [path.join(cwd, 'm.csv')] });
  t.is(readFileSync(path.join(cwd, 'm.csv'), 'utf8'), `${CSV}${SECOND},3,0,train.loss,1e-9\r\n`);
});

test('runs export --parquet has the same rows, with types', async (t) => {
  const cwd = runs(t);
  const { code, stderr } = await gradloom(['runs', 'export', 'aaaaaa', '--parquet', '--output', 'm.parquet'], { cwd });
  t.is(code, 0, stderr);
  const bytes = readFileSync(path.join(cwd, 'm.parquet'));
  const rows = await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) });
  t.deepEqual(rows, [
    { run: FIRST, step: 0n, epoch: 0n, metric: 'train.loss', value: 2.5 },
    { run: FIRST, step: 0n, epoch: 0n, metric: 'lr', value: 0.1 },
    { run: FIRST, step: 10n, epoch: 1n, metric: 'val.loss', value: Number.NaN },
  ]);
});

test('runs export --wandb-dir makes a directory a run in ./wandb', async (t) => {
  const cwd = runs(t);
  const { code, stdout } = await gradloom(['runs', 'export', '*', '--wandb-dir'], { cwd });
  t.is(code, 0);
  t.is(stdout, `saved  wandb/offline-run-20260102_000000-${SECOND}\nsaved  wandb/offline-run-20260101_000000-${FIRST}\n`);
  const again = await gradloom(['runs', 'export', '*', '--wandb-dir'], { cwd });
  t.is(again.code, 74);
  t.regex(
    again.stderr,
    /offline-run-20260102_000000-.* {2}error\[E_STORAGE\] {2}is there already\nnext: remove it, or name another directory with --output\n/,
  );
});

const REFUSED: [args: string[], code: number, says: RegExp][] = [
  [[], 64, /RUN is missing; expected gradloom runs export RUN\.\.\./],
  [['@last', '--csv', '--parquet'], 64, /--csv, --parquet and --wandb-dir: give one of them/],
  [['@last', '--parquet'], 64, /--parquet needs a file; expected --output FILE with it/],
  [['@last', '--json'], 64, /--csv and --json both print on stdout; expected --output FILE with them/],
  [['zzz'], 64, /zzz {2}error\[E_RUN_NOT_FOUND\]/],
  [['aaaaaa', '-o', 'no/where.csv'], 74, /no\/where\.csv {2}error\[E_STORAGE\] {2}cannot be written: ENOENT/],
  [['aaaaaa', '--wandb-dir', '-o', 'file'], 74, /file\/offline-run-.* {2}error\[E_STORAGE\] {2}cannot be written: (?:ENOTDIR|EEXIST)/],
];
for (const [args, code, says] of REFUSED) {
  test(`runs export ${args.join(' ')}: ends with ${code} and says why`, async (t) => {
    const cwd = runs(t);
    writeFileSync(path.join(cwd, 'file'), '');
    const found = await gradloom(['runs', 'export', ...args], { cwd });
    t.is(found.code, code, found.stderr);
    t.regex(found.stderr + found.stdout, says);
  });
}

test('a damaged line ends the export with 65 and its place; no file is left', async (t) => {
  const cwd = runs(t);
  writeFileSync(path.join(cwd, 'runs', FIRST, 'metrics.jsonl'), '{"step":0,"epoch":0,"lr":1}\n[]\n');
  const { code, stderr } = await gradloom(['runs', 'export', '*', '-o', 'm.csv'], { cwd });
  t.is(code, 65);
  t.regex(stderr, /metrics\.jsonl:2 {2}error\[E_RUN_FILE\]/);
  t.false(existsSync(path.join(cwd, 'm.csv')));
  t.deepEqual(readdirSync(cwd), ['runs']);
});
