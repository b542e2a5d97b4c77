import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { Summary } from '../../../src/runs/events.ts';
import { gradloom, start, workplace } from '../support/run-cli.ts';

/** Longer than any test waits. */
const ENDLESS = ['train.epochs=100000000', 'train.eval.on=none'];
/** Each step takes a second or more, so when the first one is logged the second is under way. */
const SLOW = `name: slow
data: {source: {type: synthetic, kind: blobs, samples: 3000, features: 200}, split: {val: 0, test: 0}}
model: {layers: [{type: dense, units: 4000}, {type: dense, units: 1500}, {type: dense, units: 3}]}
train: {batch_size: full, steps: 1000, eval: {on: none}}
track: {log_every: {steps: 1}}
`;

/** What the only run below a directory has written. */
function onlyRun(cwd: string): { directory: string; files: string[]; summary: () => Summary } {
  const [id = '', ...others] = readdirSync(path.join(cwd, 'runs'));
  if (others.length > 0) throw new Error(`more than one run: ${[id, ...others].join(', ')}`);
  const directory = path.join(cwd, 'runs', id);
  return {
    directory,
    files: readdirSync(directory),
    summary: () => JSON.parse(readFileSync(path.join(directory, 'summary.json'), 'utf8')) as Summary,
  };
}

test.serial('train prints progress on stderr, results on stdout, and no escape codes into pipes', async (t) => {
  const cwd = workplace(t);
  const { code, stdout, stderr } = await gradloom(['train', 'small.yaml', '--workers', '2'], { cwd });
  t.is(code, 0, stderr);
  const { directory, summary } = onlyRun(cwd);
  t.is(summary().status, 'finished');
  const progress = stderr.trimEnd().split('\n');
  t.is(progress[0], `small: 51 parameters, 75 steps of 32 rows, 25 an epoch, 2 workers, ${summary().code}`);
  t.is(progress[2], `saving to runs/${path.basename(directory)}`);
  t.is(progress.length, 6);
  t.regex(progress[5] ?? '', /^epoch 3\/3 {2}train loss \d\.\d{6}, \d+\.\d\d % {2}val loss \d\.\d{6}, \d+\.\d\d % {2}[\d.]+m?s$/);
  t.regex(stdout, /^best {5}val\.loss \d\.\d{6} in epoch [123], val\.accuracy \d+\.\d\d % in epoch [123]$/m);
  t.false(/epoch +train|^ +1 /m.test(stdout));
  t.regex(stdout, /^test {5}loss \d\.\d{6} accuracy \d+\.\d\d %$/m);
  t.true(stdout.includes(`digest   ${summary().digest}\n`));
  t.true(stdout.endsWith(`saved    runs/${path.basename(directory)}\n`));
  t.false((stdout + stderr).includes('\u001b'));
});

test.serial('train --json prints the summary and nothing else on stdout', async (t) => {
  const cwd = workplace(t);
  const { code, stdout, stderr } = await gradloom(['train', 'small.yaml', '--json', '--dir', 'elsewhere'], { cwd });
  t.is(code, 0);
  const summary = JSON.parse(stdout) as Summary;
  t.is(summary.steps, 75);
  t.true(summary.directory?.startsWith(path.join(cwd, 'elsewhere')));
  t.true(stderr.includes('epoch 3/3'));
});

test.serial('train --quiet prints nothing but errors', async (t) => {
  const cwd = workplace(t);
  t.deepEqual(await gradloom(['train', 'small.yaml', '--quiet'], { cwd }), { code: 0, stdout: '', stderr: '' });
  const { code, stdout, stderr } = await gradloom(['train', 'small.yaml', '-q', 'optimizer.lr=1e30'], { cwd });
  t.is(code, 80);
  t.is(stdout, '');
  t.regex(stderr, /^step \d+ {2}error\[E_DIVERGED\] {2}the loss became NaN\nkept: /);
});

test.serial('where an epoch is one step, logged losses are printed instead', async (t) => {
  const { stderr, stdout } = await gradloom(['train', 'small.yaml', 'train.batch_size=full', 'train.epochs=200', 'train.eval.on=none'], {
    cwd: workplace(t),
  });
  t.deepEqual(
    stderr.match(/^step +\d+\/200 {2}train loss/gm),
    ['step   0', 'step  50', 'step 100', 'step 150'].map((place) => `${place}/200  train loss`),
  );
  t.regex(stdout, /^run {6}small: finished after 200 steps, 200 epochs$/m);
});

test.serial('a long run leaves a line for about twenty of its epochs, the first and the last among them', async (t) => {
  const { stderr } = await gradloom(['train', 'small.yaml', 'train.epochs=97'], { cwd: workplace(t) });
  const lines = stderr.match(/^epoch .*$/gm) ?? [];
  t.true(lines.length >= 19 && lines.length <= 21, `${lines.length} lines`);
  t.true(lines[0]?.startsWith('epoch  1/97 ') && lines.at(-1)?.startsWith('epoch 97/97 '));
});

test.serial('C15: more workers than cores is a warning', async (t) => {
  const { code, stderr } = await gradloom(['train', 'small.yaml', '--workers', '16', 'train.epochs=1'], { cwd: workplace(t) });
  t.is(code, 0);
  t.regex(stderr, /^warning\[W_OVERSUBSCRIBED\] {2}16 workers on \d+ usable cores/m);
});

for (const [name, which] of [
  ['stdout', 'stdout'],
  ['stderr', 'stderr'],
] as const) {
  test.serial(`P5: a reader of ${name} who leaves stops the printing, not the training`, async (t) => {
    const cwd = workplace(t);
    const run = start(['train', 'small.yaml', 'train.epochs=200'], { cwd });
    await run.says('saving to');
    run.child[which]?.destroy();
    const { code } = await run.finished;
    t.is(code, 0);
    t.is(onlyRun(cwd).summary().status, 'finished');
  });
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test.serial(`${signal} ends with ${code} and a saved run`, async (t) => {
    const cwd = workplace(t);
    const run = start(['train', 'small.yaml', ...ENDLESS], { cwd });
    await run.says('/100,000,000  train loss');
    run.child.kill(signal);
    const { code: exit, stdout, stderr } = await run.finished;
    t.is(exit, code);
    t.true(stderr.includes(`${signal}: finishing the step and saving; once more to stop at once\n`));
    const { files, summary } = onlyRun(cwd);
    t.is(summary().status, 'interrupted');
    t.true(files.includes('model.safetensors'));
    t.regex(stdout, /^run {6}small: interrupted after [\d,]+ steps/m);
    t.regex(stderr, /^next: node \S+\/main\.js resume runs\/small-[\w-]+\n$/m);
    t.true(files.includes('checkpoints'));
  });
}

test.serial('a signal before the first step still ends with a saved run', async (t) => {
  const cwd = workplace(t);
  const run = start(['train', 'small.yaml', ...ENDLESS, '--json'], { cwd });
  await run.says('saving to');
  run.child.kill('SIGINT');
  const { code, stdout } = await run.finished;
  t.is(code, 130);
  t.is((JSON.parse(stdout) as Summary).status, 'interrupted');
});

test.serial('a second signal ends within the step', async (t) => {
  const cwd = workplace(t, { 'slow.yaml': SLOW });
  const run = start(['train', 'slow.yaml'], { cwd });
  await run.says('step     0/');
  run.child.kill('SIGINT');
  await run.says('SIGINT: finishing');
  // What comes sooner counts as an echo of the first.
  await new Promise((resolve) => setTimeout(resolve, 60));
  const lines = (): string => readFileSync(path.join(onlyRun(cwd).directory, 'metrics.jsonl'), 'utf8');
  const before = lines();
  run.child.kill('SIGINT');
  const { code, stdout } = await run.finished;
  t.is(code, 130);
  t.is(lines(), before, 'the step that was under way is not waited for');
  t.is(stdout, '');
  t.false(onlyRun(cwd).files.includes('summary.json'));
});

test.serial('P9: a fault of ours ends with 70, the stack and what to do with it', async (t) => {
  const fault = "data:text/javascript,setTimeout(() => { throw new TypeError('boom'); }, 500)";
  const { code, stdout, stderr } = await gradloom(['train', 'small.yaml', ...ENDLESS], { cwd: workplace(t), node: ['--import', fault] });
  t.is(code, 70);
  t.is(stdout, '');
  t.regex(stderr, /^error\[E_INTERNAL\] {2}TypeError: boom\nTypeError: boom\n {4}at /m);
  t.regex(stderr, /^gradloom \d+\.\d+\.\d+, Node v\d+/m);
  t.true(stderr.endsWith('next: this is a bug in gradloom: report it with the text above, the command and the experiment file\n'));
});
