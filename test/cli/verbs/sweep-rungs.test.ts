import test from 'ava';
import { gradloom, workplace } from '../support/run-cli.ts';

const ASHA = ['early_terminate.type=asha', 'early_terminate.max=9', 'metric.name=val.loss', 'optimizer.lr=0.1,0.2'];

test.serial('asha with fewer trials than eta: plan and run say so before, and the best is trained to its end', async (t) => {
  const cwd = workplace(t);
  const notice =
    'notice  early_terminate: no best 1/3 gets beyond 1 epoch (2 trials, eta 3): the best of the 2 that come so far goes on to its end; use run_cap >= 9, or a smaller eta\n';
  const plan = await gradloom(['sweep', 'plan', 'small.yaml', ...ASHA], { cwd });
  t.is(plan.code, 0, plan.stderr);
  t.true(plan.stderr.includes(notice), plan.stderr);
  t.regex(plan.stdout, /^budget +2x1 \+ 1x2 \+ 1x6 = 10 epochs/m);
  const run = await gradloom(['sweep', 'small.yaml', ...ASHA], { cwd });
  t.is(run.code, 0, run.stderr);
  t.true(run.stderr.includes(notice), run.stderr);
  t.regex(run.stdout, /^1 epoch +2 +1\n3 epochs +1 +1\n9 epochs +1 +0$/m);
  t.regex(run.stdout, /^trials +2: 1 finished, 1 pruned$/m);
  t.notRegex(run.stdout, /trained to its end/);
  const best = await gradloom(['sweep', 'best', '--json'], { cwd });
  t.like(JSON.parse(best.stdout), { isTrainedToEnd: true, trial: { status: 'finished', resource: 9 } });
});

test.serial('a sweep that ends before any trial does says so, and so does its best', async (t) => {
  const cwd = workplace(t);
  const run = await gradloom(['sweep', 'small.yaml', ...ASHA, 'metric.target=100'], { cwd });
  t.is(run.code, 0, run.stderr);
  t.regex(run.stdout, /^note +no trial was trained to its end: the longest had 1 of 9 epochs; the target was reached before$/m);
  t.regex((await gradloom(['sweep', 'status'], { cwd })).stdout, /^note +no trial was trained to its end/m);
  const best = await gradloom(['sweep', 'best'], { cwd });
  t.is(best.code, 0, best.stderr);
  t.regex(best.stdout, /^trained for 1 of 9 epochs only: train it to its end before you trust its value$/m);
  const config = await gradloom(['sweep', 'best', '--config'], { cwd });
  t.regex(config.stderr, /^notice {2}trial \d was trained for 1 of 9 epochs only; this is its experiment in full length$/m);
  t.regex(config.stdout, /^ {2}epochs: 9$/m);
});
