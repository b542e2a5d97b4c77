import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { gradloom, SMALL, start, workplace } from './support/run-cli.ts';

/** 1e16 is written as a whole number past 2^53 by JavaScript. */
const LARGE = SMALL.replace('epochs: 3', 'epochs: 3000, max_loss_ratio: 1e16');

test.serial('a run with a float past 2^53 is interrupted and resumed, and its own config.yaml runs again', async (t) => {
  const cwd = workplace(t, { 'large.yaml': LARGE });
  const run = start(['train', 'large.yaml'], { cwd });
  await run.says('train loss');
  run.child.kill('SIGINT');
  t.is((await run.finished).code, 130);
  const [id = ''] = readdirSync(path.join(cwd, 'runs')).filter((name) => name.startsWith('small'));
  const config = path.join('runs', id, 'config.yaml');
  t.regex(readFileSync(path.join(cwd, config), 'utf8'), /^ {2}max_loss_ratio: 1e\+16$/m);
  // As earlier versions wrote it.
  const old = readFileSync(path.join(cwd, config), 'utf8').replace('1e+16', '10000000000000000');
  writeFileSync(path.join(cwd, config), old);
  const resumed = await gradloom(['resume', '@last', '--quiet'], { cwd });
  t.is(resumed.code, 0, resumed.stderr);
  const again = await gradloom(['train', config, 'train.epochs=1', '--quiet'], { cwd });
  t.is(again.code, 0, again.stderr);
});

test.serial('a sweep over a float past 2^53 tells its best trial, an experiment that runs, and a report', async (t) => {
  const cwd = workplace(t);
  const sweep = await gradloom(['sweep', 'small.yaml', 'train.max_loss_ratio=1e4,1e16', 'train.epochs=1', '--quiet'], { cwd });
  t.is(sweep.code, 0, sweep.stderr);
  for (const args of [['best'], ['best', '--config'], ['report'], ['export'], ['status']]) {
    const told = await gradloom(['sweep', ...args], { cwd });
    t.is(told.code, 0, told.stderr);
    if (!args.includes('--config')) continue;
    writeFileSync(path.join(cwd, 'best.yaml'), told.stdout.replace(/max_loss_ratio: .*/, 'max_loss_ratio: 10000000000000000'));
    const run = await gradloom(['check', 'best.yaml'], { cwd });
    t.is(run.code, 0, run.stderr);
  }
});
