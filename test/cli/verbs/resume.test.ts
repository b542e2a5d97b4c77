import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { Summary } from '../../../src/runs/events.ts';
import { gradloom, start, workplace } from '../support/run-cli.ts';

const DIGESTS = ['numerics.digest.every.steps=25', 'track.log_every.steps=5'];

function only(cwd: string): string {
  const [id = '', ...others] = readdirSync(path.join(cwd, 'runs')).filter((name) => !name.startsWith('.'));
  if (others.length > 0) throw new Error(`more than one run: ${[id, ...others].join(', ')}`);
  return path.join(cwd, 'runs', id);
}

test.serial('an interrupted run is resumed by the command that it prints, and ends as an undisturbed one', async (t) => {
  const cwd = workplace(t);
  const arguments_ = ['small.yaml', 'train.epochs=1500', 'train.eval.every.epochs=100', ...DIGESTS];
  const run = start(['train', ...arguments_], { cwd });
  await run.says('/1,500  train loss');
  run.child.kill('SIGINT');
  const { code, stderr } = await run.finished;
  t.is(code, 130);
  const [, command = ''] = /^next: node \S+\/main\.js (.*)$/m.exec(stderr) ?? [];
  t.regex(command, /^resume runs\/small-[\w-]+$/);
  const directory = only(cwd);
  const resumed = await gradloom([...command.split(' '), '--workers', '3', '--json'], { cwd });
  t.is(resumed.code, 0, resumed.stderr);
  const summary = JSON.parse(resumed.stdout) as Summary;
  t.like(summary, { status: 'finished', workers: 3, steps: 37_500 });
  const other = await gradloom(['train', ...arguments_, '--dir', 'other', '--json', '-q'], { cwd });
  const undisturbed = JSON.parse(other.stdout) as Summary;
  t.is(undisturbed.digest, summary.digest);
  for (const name of ['metrics.jsonl', 'digests.jsonl', 'model.safetensors'])
    t.deepEqual(readFileSync(path.join(directory, name)), readFileSync(path.join(undisturbed.directory ?? '', name)), name);
  const again = await gradloom(['resume', 'last', '--workers', 'auto', '-q', '--json'], { cwd });
  t.like(JSON.parse(again.stdout), { status: 'finished', digest: summary.digest });
});

test.serial('verify ends with PASS, or with 83 and the first difference', async (t) => {
  const cwd = workplace(t);
  await gradloom(['train', 'small.yaml', '-q', ...DIGESTS], { cwd });
  const passed = await gradloom(['verify', 'last', '--workers', '1,2'], { cwd });
  t.is(passed.code, 0, passed.stderr);
  t.is(passed.stdout, `PASS  ${path.basename(only(cwd))}: 3 digests up to step 75 equal, with 1, 2 workers\n`);
  t.is(passed.stderr, '1 worker: 3 digests equal\n2 workers: 3 digests equal\n');
  const json = await gradloom(['verify', 'last', '--json', '-q'], { cwd });
  t.like(JSON.parse(json.stdout), { status: 'same', digests: 3, steps: 75 });
  const file = path.join(only(cwd), 'digests.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/("step":50,"digest":)"\w+"/, '$1"0"'));
  const failed = await gradloom(['verify', 'last'], { cwd });
  t.is(failed.code, 83);
  t.is(failed.stdout, '');
  t.true(failed.stderr.includes('error[E_VERIFY]  not the same when trained again with '), failed.stderr);
  t.true(failed.stderr.includes('at step 50 after 1 equal digest\n'), failed.stderr);
});

test.serial('train --needed trains once, then reuses', async (t) => {
  const cwd = workplace(t);
  const first = JSON.parse((await gradloom(['train', 'small.yaml', '--needed', '--json', '-q'], { cwd })).stdout) as Summary;
  const { code, stdout, stderr } = await gradloom(['train', 'small.yaml', '--needed', '--json', '--workers', '1', 'name=other'], { cwd });
  t.is(code, 0);
  t.deepEqual(JSON.parse(stdout), first);
  t.is(stderr.split('\n')[0], `reusing ${first.id}: finished, with the same identity`);
  t.is(path.basename(only(cwd)), first.id);
});

test.serial('train --needed continues a shorter run where that gives the same result, and trains from the start elsewhere', async (t) => {
  const cwd = workplace(t);
  const first = JSON.parse((await gradloom(['train', 'small.yaml', '--needed', '--json', '-q'], { cwd })).stdout) as Summary;
  const longer = ['train', 'small.yaml', 'train.epochs=5', '--json'];
  const { code, stdout, stderr } = await gradloom([...longer, '--needed', '--workers', '2'], { cwd });
  t.is(code, 0, stderr);
  t.is(stderr.split('\n')[0], `continues ${first.id} from step 75: the same training but for its length`);
  const summary = JSON.parse(stdout) as Summary;
  const straight = JSON.parse((await gradloom([...longer, '--dir', 'other', '-q'], { cwd })).stdout) as Summary;
  t.is(summary.digest, straight.digest);
  t.deepEqual(summary.best, straight.best);
  for (const name of ['metrics.jsonl', 'digests.jsonl', 'model.safetensors'])
    t.deepEqual(readFileSync(path.join(summary.directory ?? '', name)), readFileSync(path.join(straight.directory ?? '', name)), name);
  const shown = await gradloom(['runs', 'show', summary.id], { cwd });
  t.regex(shown.stdout, new RegExp(`^continues +${first.id}, from step 75$`, 'm'));
  t.is((await gradloom(['verify', summary.directory ?? '', '-q'], { cwd })).code, 0);
  const cosine = ['train', 'small.yaml', 'schedule.type=cosine', '--needed'];
  await gradloom([...cosine, '-q'], { cwd });
  const other = await gradloom([...cosine, 'train.epochs=5'], { cwd });
  t.is(other.code, 0, other.stderr);
  t.false(other.stderr.includes('continues'), other.stderr);
});

test.serial('extend trains a finished run for longer, in a run of its own that names its parent and can be verified', async (t) => {
  const cwd = workplace(t);
  await gradloom(['train', 'small.yaml', '-q', ...DIGESTS], { cwd });
  const parent = only(cwd);
  const { code, stdout, stderr } = await gradloom(['extend', 'last', '--epochs', '5', '--json'], { cwd });
  t.is(code, 0, stderr);
  const summary = JSON.parse(stdout) as Summary;
  t.like(summary, { status: 'finished', steps: 125, epochs: 5 });
  t.not(summary.directory, parent);
  t.true(readFileSync(path.join(summary.directory ?? '', 'config.yaml'), 'utf8').includes(parent));
  const verified = await gradloom(['verify', summary.directory ?? ''], { cwd });
  t.is(verified.code, 0, verified.stderr);
  const refusal = await gradloom(['extend', parent, '--epochs', '2'], { cwd });
  t.is(refusal.code, 78, refusal.stderr);
});

const refused: [args: string[], code: number, message: string][] = [
  [['resume'], 64, 'RUN is missing; expected gradloom resume RUN'],
  [['resume', './none'], 64, './none  error[E_RUN_NOT_FOUND]  no such directory'],
  [['resume', 'x', '--workers', '0'], 64, '--workers: expected a whole number from 1 or auto; got 0'],
  [['resume', 'x', '--workers', 'all'], 64, '--workers: expected a whole number from 1 or auto; got all'],
  [['verify', 'x', '--workers', '1,0'], 64, '--workers: expected numbers from 1, by comma; got 0'],
  [['verify', 'a', 'b'], 64, 'b: one argument too many; expected gradloom verify RUN'],
  [['verify', 'last'], 64, 'last  error[E_RUN_NOT_FOUND]  no runs in ./runs'],
];
for (const [args, code, message] of refused) {
  test.serial(`refuses with ${code}: gradloom ${args.join(' ')}`, async (t) => {
    const finished = await gradloom(args, { cwd: workplace(t) });
    t.is(finished.code, code);
    t.true(finished.stderr.includes(message), finished.stderr);
  });
}
