import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { DirectoryLock } from '../../../src/storage/lock.ts';
import { stoppableOwner } from '../../../src/ui/control/stop.ts';
import type { RunAnswer, RunsAnswer, SpeedupsAnswer, SweepAnswer, SweepsAnswer } from '../../../src/ui/protocol.ts';
import type { CheckAnswer, ConfigsAnswer, JobsAnswer } from '../../../src/ui/work-protocol.ts';
import { SMALL } from '../../cli/support/run-cli.ts';
import { writeRun } from '../../runs/support/stored-runs.ts';
import { type Opened, opened, projectPlace } from '../support/opened.ts';

const MAX_MS = 90_000;

/** Asks until something holds: what other processes do takes as long as the machine lets it. */
async function until<T>(t: ExecutionContext, what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + MAX_MS;
  while (performance.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  t.log(what);
  throw new Error(`not within ${MAX_MS} ms: ${what}`);
}

async function jobOf({ json }: Opened, id: number) {
  return (await json<JobsAnswer>('/api/jobs')).jobs.find((job) => job.id === id);
}

test('configs are found by what they are, checked as they are typed, and nothing else can be started', async (t) => {
  const { root } = projectPlace(t);
  writeFileSync(path.join(root, 'small.yaml'), SMALL);
  writeFileSync(path.join(root, 'search.yaml'), 'base: small.yaml\nparameters:\n  optimizer.lr: {values: [0.1, 0.2]}\n');
  writeFileSync(path.join(root, 'compose.yaml'), 'services: {}\n');
  const { json, post } = opened(root);
  const { configs, keys } = await json<ConfigsAnswer>('/api/configs');
  t.deepEqual(
    configs
      .filter(({ name }) => ['small.yaml', 'search.yaml', 'compose.yaml', 'mnist'].includes(name))
      .map(({ name, kind }) => `${name} ${kind}`),
    ['search.yaml sweep', 'small.yaml train', 'mnist train'],
  );
  const info = keys.find(({ key }) => key === 'optimizer.type');
  t.true(info?.choices.includes('adam'));
  const check = async (config: string, overrides: string[], kind = 'train'): Promise<CheckAnswer> =>
    (await (await post('/api/check', { kind, config, overrides })).json()) as CheckAnswer;
  t.like(await check('small.yaml', ['optimizer.lr=0.5']), { isValid: true });
  t.regex((await check('small.yaml', ['optimizer.lr=0.5'])).text, /lr: 0\.5 +# command line: optimizer\.lr=0\.5/);
  const wrong = await check('small.yaml', ['optimizer.rl=0.5', 'train.epochs=x']);
  t.false(wrong.isValid);
  t.regex(wrong.text, /error\[E_CONFIG_UNKNOWN_KEY\] {2}optimizer\.rl: unknown key[\s\S]*error\[E_CONFIG_TYPE\] {2}train\.epochs/);
  t.like(await check('search.yaml', [], 'sweep'), { isValid: true });
  for (const [config, overrides] of [
    ['../small.yaml', []],
    ['compose.yaml', []],
    ['/etc/passwd', []],
    ['small.yaml', ['--dir=/tmp/x']],
    ['small.yaml', ['-x']],
    ['small.yaml', ['optimizer.lr']],
  ] as const)
    for (const path_ of ['/api/check', '/api/start'])
      t.is((await post(path_, { kind: 'train', config, overrides })).status, 400, `${config} ${overrides.join(' ')}`);
});

test('a training is started, stopped in order, and resumed to its end', async (t) => {
  const { root } = projectPlace(t);
  writeFileSync(path.join(root, 'small.yaml'), SMALL);
  const page = opened(root);
  const { post, json } = page;
  const { id } = (await (
    await post('/api/start', {
      kind: 'train',
      config: 'small.yaml',
      overrides: ['train.epochs=100000', 'train.checkpoint.every={seconds: 1}'],
    })
  ).json()) as { id: number };
  const running = await until(t, 'a run at work', async () => {
    const job = await jobOf(page, id);
    if (job?.status !== 'running') throw new Error(job?.output);
    page.project.lookAnew();
    const [row] = (await json<RunsAnswer>('/api/runs')).window;
    return row?.type === 'run' && row.status === 'running' ? row : undefined;
  });
  t.true((await json<RunAnswer>(`/api/run?key=${running.key}`)).canStop);
  t.is((await post('/api/stop', { key: running.key })).status, 200);
  const ended = await until(t, 'the job to end', async () => {
    const job = await jobOf(page, id);
    return job?.status === 'running' ? undefined : job;
  });
  t.like(ended, { status: 'ended', exit: 'exit 130', canStop: false });
  t.regex(ended.output, /next: .* resume runs\/small-/);
  page.project.lookAnew();
  t.like(await json<RunAnswer>(`/api/run?key=${running.key}`), { status: 'interrupted', canStop: false, canResume: true });
  const again = (await (await post('/api/resume', { key: running.key })).json()) as { id: number };
  await until(t, 'the run to go on', async () => {
    page.project.lookAnew();
    return (await json<RunAnswer>(`/api/run?key=${running.key}`)).status === 'running' || undefined;
  });
  t.is((await post('/api/stop', { id: String(again.id) })).status, 200);
  t.like(
    await until(t, 'the resumed run to end', async () => {
      const job = await jobOf(page, again.id);
      return job?.status === 'running' ? undefined : job;
    }),
    { status: 'ended', exit: 'exit 130' },
  );
  t.is((await post('/api/stop', { id: String(again.id) })).status, 409);
  t.is(readdirSync(path.join(root, 'runs')).filter((name) => !name.startsWith('.')).length, 1);
});

test('a sweep is started, paused and gone on with from the page', async (t) => {
  const { root } = projectPlace(t);
  writeFileSync(path.join(root, 'small.yaml'), SMALL.replace('epochs: 3', 'epochs: 100000'));
  writeFileSync(path.join(root, 'search.yaml'), 'base: small.yaml\nmethod: grid\nparameters:\n  optimizer.lr: {values: [0.1, 0.2, 0.3]}\n');
  const page = opened(root);
  const { post, json } = page;
  await post('/api/start', { kind: 'sweep', config: 'search.yaml', overrides: ['execution.cores=1'] });
  const inStatus = (wanted: string): Promise<SweepAnswer> =>
    until(t, `the sweep to be ${wanted}`, async () => {
      const [found] = (await json<SweepsAnswer>('/api/sweeps')).sweeps;
      const sweep = found && (await json<SweepAnswer>(`/api/sweep?key=${found.key}`));
      return sweep?.status === wanted ? sweep : undefined;
    });
  const running = await until(t, 'a trial at work', async () => {
    const found = await inStatus('running');
    return found.running.length > 0 && found.running[0]?.step !== 0 ? found : undefined;
  });
  t.like(running, { canStop: true, canResume: false });
  t.is((await post('/api/stop', { key: running.key })).status, 200);
  t.like(await inStatus('interrupted'), { canStop: false, canResume: true, running: [] });
  const { id } = (await (await post('/api/resume', { key: running.key })).json()) as { id: number };
  await inStatus('running');
  t.is((await post('/api/stop', { id: String(id) })).status, 200);
  await inStatus('interrupted');
});

test('a comparison that is started from the page is kept, and shown when it has ended', async (t) => {
  const { root } = projectPlace(t);
  writeFileSync(path.join(root, 'small.yaml'), SMALL);
  writeFileSync(path.join(root, 'compare.yaml'), 'base: small.yaml\nworkers: [1]\nwork: {steps: 10}\nrepeats: 3\n');
  const page = opened(root);
  await page.post('/api/start', { kind: 'speedup', config: 'compare.yaml', overrides: [] });
  const job = await until(t, 'the job to end', async () => {
    const [found] = (await page.json<JobsAnswer>('/api/jobs')).jobs;
    return found?.status === 'running' ? undefined : found;
  });
  t.like(job, { status: 'ended', exit: 'exit 0' });
  const [, file] = /saved {2}(speedups\/small-\S+\.json)/.exec(job.output) ?? [];
  const found = await until(t, 'the comparison to be found', async () => {
    const { speedups } = await page.json<SpeedupsAnswer>('/api/speedups');
    return speedups.length === 0 ? undefined : speedups;
  });
  t.like(found, [{ key: file ?? '', name: 'small' }]);
});

test('a cross-validation is started, paused and gone on with from the page', async (t) => {
  const { root } = projectPlace(t);
  writeFileSync(
    path.join(root, 'small.yaml'),
    SMALL.replace('epochs: 3', 'epochs: 100000').replace('data: {', 'data: {split: {folds: 3}, '),
  );
  const page = opened(root);
  const { post, json } = page;
  const { id: first } = (await (
    await post('/api/start', { kind: 'train', config: 'small.yaml', overrides: ['train.checkpoint.every={seconds: 1}'] })
  ).json()) as { id: number };
  const inStatus = (wanted: string): Promise<SweepAnswer> =>
    until(t, `the folds to be ${wanted}`, async () => {
      const [found] = (await json<SweepsAnswer>('/api/sweeps')).sweeps;
      const folds = found && (await json<SweepAnswer>(`/api/sweep?key=${found.key}`));
      if (found === undefined && (await jobOf(page, first))?.status !== 'running') throw new Error((await jobOf(page, first))?.output);
      return folds?.status === wanted ? folds : undefined;
    });
  const running = await until(t, 'a fold at work', async () => {
    const found = await inStatus('running');
    return found.running.some(({ step }) => step > 0) ? found : undefined;
  });
  t.is((await post('/api/stop', { key: running.key })).status, 200);
  t.like(await inStatus('interrupted'), { canStop: false, canResume: true, running: [] });
  const { id } = (await (await post('/api/resume', { key: running.key })).json()) as { id: number };
  await until(t, 'the folds to go on', async () => {
    const found = await inStatus('running');
    return found.running.some(({ step }) => step > 0) ? found : undefined;
  });
  t.regex((await jobOf(page, id))?.command ?? '', /^gradloom resume /);
  t.is((await post('/api/stop', { id: String(id) })).status, 200);
  await inStatus('interrupted');
});

test('a job that fails says so with its exit code', async (t) => {
  const { root } = projectPlace(t);
  writeFileSync(path.join(root, 'small.yaml'), SMALL);
  const page = opened(root);
  const { id } = (await (
    await page.post('/api/start', { kind: 'train', config: 'small.yaml', overrides: ['optimizer.lr=-1'] })
  ).json()) as { id: number };
  const job = await until(t, 'the job to end', async () => {
    const found = await jobOf(page, id);
    return found?.status === 'running' ? undefined : found;
  });
  t.like(job, { status: 'failed', exit: 'exit 78' });
  t.regex(job.output, /error\[E_CONFIG/);
});

test('a config that is called as an option is one', async (t) => {
  const { root } = projectPlace(t);
  writeFileSync(path.join(root, '--help.yaml'), SMALL);
  const page = opened(root);
  await page.post('/api/start', { kind: 'train', config: '--help.yaml', overrides: ['optimizer.lr=-1'] });
  const job = await until(t, 'the job to end', async () => {
    const [found] = (await page.json<JobsAnswer>('/api/jobs')).jobs;
    return found?.status === 'running' ? undefined : found;
  });
  t.like(job, { command: 'gradloom train ./--help.yaml optimizer.lr=-1', exit: 'exit 78' });
  t.regex(job.output, /error\[E_CONFIG/);
});

test('a lock that somebody wrote by hand stops no process', (t) => {
  const { runs } = projectPlace(t);
  const directory = writeRun(runs, 'a', { summary: null });
  t.is(stoppableOwner(directory), undefined);
  // This process trains by the library: it is not asked to end by a page.
  const own = DirectoryLock.acquire(directory);
  t.is(stoppableOwner(directory), undefined);
  const lock = path.join(directory, 'lock', '2');
  const forged = { pid: process.ppid, started: '', boot: '', namespace: '', host: '', command: 'node /x/cli/main.js train', since: '' };
  writeFileSync(lock, JSON.stringify(forged));
  t.is(stoppableOwner(directory), undefined);
  own.release();
});
