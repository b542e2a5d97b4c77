import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../../src/errors.ts';
import { lockOwner } from '../../../src/storage/lock.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { agentHere, agentProcess, type Place } from '../../remote/support/fleet-case.ts';
import { TestRedis, until } from '../../remote/support/redis.ts';
import { redisTest } from '../../remote/support/redis-test.ts';
import { sweepFile } from '../../sweep/support/sweep-case.ts';
import { gradloom, start, workplace } from '../support/run-cli.ts';

const WITHOUT = fileURLToPath(new URL('../support/without-queue.js', import.meta.url));
const SECRET = 'hunter2';
/** Trials of a second or so. */
const LONG = ['run_cap=2', 'train.epochs=4000', 'train.batch_size=10', 'train.eval.every.epochs=1000', 'train.checkpoint.every.steps=1000'];

async function placeFor(t: ExecutionContext): Promise<Place & { cwd: string; file: string; options: string[] }> {
  const cwd = workplace(t, {});
  const [queue, store] = [(await TestRedis.start(t)).url, `file:${path.join(cwd, 'store')}`];
  return { queue, store, cwd, file: sweepFile(cwd), options: ['--queue', queue, '--store', store] };
}

function onlySweep(cwd: string): string {
  const [name, ...others] = readdirSync(path.join(cwd, 'sweeps'));
  if (name === undefined || others.length > 0) throw new Error(`${others.length} more sweeps than one`);
  return path.join(cwd, 'sweeps', name);
}

const REFUSED: readonly (readonly [title: string, args: readonly string[], message: RegExp])[] = [
  ['a URL of something else', ['--queue', `http://me:${SECRET}@127.0.0.1`], /--queue\s+error\[E_USAGE\]\s+expected redis:\/\/host:6379/],
  ['another machine without TLS', ['--queue', `redis://me:${SECRET}@10.0.0.7`], /redis:\/\/me:\*\*\*@10\.0\.0\.7:6379 is another machine/],
  ['a store without a queue', ['--store', 'file:/tmp/x'], /--store goes with --queue URL/],
  ['metrics without a queue', ['--metrics', '9400'], /--metrics goes with --queue URL/],
  [
    'metrics on a port that is none',
    ['--queue', 'redis://127.0.0.1', '--metrics', '127.0.0.1:70000'],
    /--metrics: expected a port, or host and port as 127\.0\.0\.1:9400; got 127\.0\.0\.1:70000/,
  ],
  ['to leave what nobody else goes on with', ['--detach'], /--detach goes with --queue URL/],
];

for (const [title, args, message] of REFUSED) {
  test(`sweep refuses ${title} with 64, and tells no password`, async (t) => {
    const cwd = workplace(t, {});
    const { code, stdout, stderr } = await gradloom(['sweep', sweepFile(cwd), ...args], { cwd });
    t.is(code, EXIT.usage);
    t.regex(stderr, message);
    t.false((stdout + stderr).includes(SECRET));
  });
}

for (const [title, args, message] of [
  ['no queue', [], /--queue is missing; expected --queue redis:\/\/host:6379, or the variable GRADLOOM_QUEUE/],
  [
    'a length of time that is none',
    ['--queue', 'redis://127.0.0.1', '--max-idle', 'soon'],
    /--max-idle: expected a length of time such as 60s/,
  ],
  ['no cores', ['--queue', 'redis://127.0.0.1', '--cores', '0'], /--cores: expected a/],
] as const) {
  test(`agent refuses ${title} with 64`, async (t) => {
    const { code, stderr } = await gradloom(['agent', ...args], { env: { GRADLOOM_QUEUE: '' } });
    t.is(code, EXIT.usage);
    t.regex(stderr, message);
  });
}

test('V8 a queue that cannot be reached ends with 69 and its address, for a sweep, an agent and a look', async (t) => {
  const cwd = workplace(t, {});
  const queue = `redis://me:${SECRET}@127.0.0.1:1`;
  for (const words of [['sweep', sweepFile(cwd)], ['agent'], ['sweep', 'ls'], ['sweep', 'cancel', 'x']]) {
    const { code, stdout, stderr } = await gradloom([...words, '--queue', queue], { cwd });
    t.is(code, EXIT.unavailable, words.join(' '));
    t.regex(stderr, /redis:\/\/me:\*\*\*@127\.0\.0\.1:1\s+error\[E_QUEUE\]\s+the queue cannot be reached: connect ECONNREFUSED/);
    t.false((stdout + stderr).includes(SECRET));
  }
});

test('without the packages a queue is refused with 69 and how to install them, and all else works', async (t) => {
  const cwd = workplace(t, {});
  const node = ['--import', WITHOUT];
  const { code, stderr } = await gradloom(['sweep', sweepFile(cwd), '--queue', 'redis://127.0.0.1:1'], { cwd, node });
  t.is(code, EXIT.unavailable);
  t.regex(stderr, /ioredis\s+error\[E_PACKAGE\]\s+the package is not installed/);
  t.regex(stderr, /next: npm install bullmq ioredis/);
  t.is((await gradloom(['sweep', sweepFile(cwd), 'run_cap=1', '--quiet'], { cwd, node })).code, 0);
});

redisTest('a sweep with two agents prints the table of a local one, and exports the same', async (t) => {
  t.timeout(120_000);
  const { cwd, file, options, queue, store } = await placeFor(t);
  const local = await gradloom(['sweep', file, '--dir', 'local', 'run_cap=4'], { cwd });
  const agents = [agentProcess(t, { queue, store }, '--max-idle', '5s'), agentProcess(t, { queue, store }, '--max-idle', '5s')];
  const far = await gradloom(['sweep', file, '--dir', 'far', 'run_cap=4', ...options], { cwd });
  t.is(far.code, 0, far.stderr);
  const table = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => /^ *\d+ {2}/.test(line))
      .map((line) => line.replace(/ +\d+\.\d$/, ''));
  t.deepEqual(table(far.stdout), table(local.stdout));
  t.regex(far.stdout, /^agent {3}\S+-\d+: \d+ parts? of runs, /m);
  const csv = async (parent: string): Promise<string[]> => {
    const [name = ''] = readdirSync(path.join(cwd, parent));
    const { stdout } = await gradloom(['sweep', 'export', path.join(parent, name), '--csv'], { cwd });
    const [head = '', ...lines] = stdout.trim().split('\n');
    const seconds = head.split(',').indexOf('seconds');
    return [
      head,
      ...lines.map((line) =>
        line
          .split(',')
          .filter((_, i) => i !== seconds)
          .join(','),
      ),
    ];
  };
  t.deepEqual(await csv('far'), await csv('local'));
  for (const { finished } of agents) {
    const { code, stdout } = await finished;
    t.is(code, 0);
    t.regex(stdout, /^agent \S+ ended \(nothing to do\): \d+ parts? of runs in /);
  }
});

redisTest('an agent that was asked for once trains one part of a run, with 0', async (t) => {
  t.timeout(60_000);
  const { cwd, file, options, queue, store } = await placeFor(t);
  const detached = await gradloom(['sweep', file, 'run_cap=2', '--detach', '--json', ...options], { cwd });
  t.is(detached.code, 0, detached.stderr);
  const { background } = JSON.parse(detached.stdout) as { background: { pid: number } };
  t.teardown(() => process.kill(background.pid, 'SIGKILL'));
  const { code, stdout } = await agentProcess(t, { queue, store }, '--once', '--json').finished;
  t.is(code, 0);
  t.like(JSON.parse(stdout), { reason: 'once', done: 1 });
});

redisTest('--metrics tells Prometheus of trials and agents while a sweep runs, and refuses a port that is taken with 69', async (t) => {
  t.timeout(120_000);
  const { cwd, file, options, queue, store } = await placeFor(t);
  const agent = agentHere(t, { queue, store });
  const sweep = start(['sweep', file, ...LONG, 'train.epochs=100000', ...options, '--metrics', '0'], { cwd });
  t.teardown(() => sweep.child.kill('SIGKILL'));
  let said = '';
  sweep.child.stderr?.on('data', (text: string) => (said += text));
  await sweep.says('/metrics\n');
  const [, address = '', port = ''] = /metrics for Prometheus: (http:\/\/127\.0\.0\.1:(\d+)\/metrics)/.exec(said) ?? [];
  const figure = async (series: string): Promise<number> => {
    const lines = (await (await fetch(address)).text()).split('\n');
    return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1));
  };
  const started = agent.events.find((event) => event.type === 'start');
  const name = started?.agent ?? '';
  await until('an agent has done something', async () => (await figure(`gradloom_agent_steps_per_second{agent="${name}"}`)) > 0);
  await until('both trials are under way', async () => (await figure('gradloom_trials{state="running"}')) === 2);
  t.is(await figure('gradloom_trials{state="finished"}'), 0);
  t.is(await figure('gradloom_trials_planned'), 2);
  t.is(await figure('gradloom_agents'), 1);
  t.is(await figure('gradloom_queue_up'), 1);
  t.is(await figure(`gradloom_agent_cores{agent="${name}"}`), 2);
  t.is(await figure('gradloom_agents_lost_total'), 0);
  t.true((await figure(`gradloom_agent_last_sign_seconds{agent="${name}"}`)) < 10);
  t.true((await figure(`gradloom_agent_steps_total{agent="${name}"}`)) > 0);
  t.is(await figure(`gradloom_sweep_info{sweep="${path.basename(onlySweep(cwd))}",name="small",metric="val.loss"}`), 1);

  const second = await gradloom(['sweep', file, '--dir', 'second', ...options, '--metrics', port], { cwd });
  t.is(second.code, EXIT.unavailable);
  t.regex(second.stderr, new RegExp(`--metrics\\s+error\\[E_LIMIT\\]\\s+cannot listen on 127\\.0\\.0\\.1:${port}: `));
  t.regex(second.stderr, /next: choose another port: --metrics 0 takes one that is free/);
});

redisTest('Ctrl-C leaves a sweep running in the background, where it is looked at, followed again, and cancelled', async (t) => {
  t.timeout(180_000);
  const { cwd, file, options, queue, store } = await placeFor(t);
  const agent = agentHere(t, { queue, store }, { cores: 1 });
  const sweep = start(['sweep', file, ...LONG, 'train.epochs=100000', ...options], { cwd });
  await until('an agent trains', () => agent.events.some(({ type }) => type === 'begin'));
  sweep.child.kill('SIGINT');
  const { code, stderr } = await sweep.finished;
  t.is(code, EXIT.interrupted);
  const pid = Number(/the sweep goes on in the background \(process (\d+)\)/.exec(stderr)?.[1]);
  t.true(pid > 0, stderr);
  const directory = onlySweep(cwd);
  t.true(stderr.includes(`sweep resume sweeps/${path.basename(directory)} --queue ${queue} --store ${store}`));
  await until('the process in the background has it', () => lockOwner(directory)?.pid === pid);
  t.false(readFileSync(path.join(directory, 'log.jsonl'), 'utf8').includes('"failed"'));

  const name = path.basename(directory);
  const listed = async (): Promise<Record<string, unknown>> => {
    const { stdout } = await gradloom(['sweep', 'ls', '--queue', queue, '--json'], { cwd });
    return (JSON.parse(stdout) as { sweeps: Record<string, unknown>[] }).sweeps[0] ?? {};
  };
  await until('the queue knows who decides', async () => (await listed())['pid'] === pid);
  t.like(await listed(), { id: name, status: 'running', isBackground: true, directory });
  const status = await gradloom(['sweep', 'status', name, '--queue', queue], { cwd });
  t.regex(status.stdout, new RegExp(`^sweep   ${name}: running, \\d/2 trials, \\d running, \\d queued$`, 'm'));
  t.true(status.stdout.includes(`process ${pid} in the background; store file:`));

  const followed = start(['sweep', 'resume', name, ...options], { cwd });
  await until('somebody else has it', () => ![undefined, pid].includes(lockOwner(directory)?.pid));
  const cancelled = await gradloom(['sweep', 'cancel', '@last', '--queue', queue], { cwd });
  t.is(cancelled.code, 0, cancelled.stderr);
  t.regex(cancelled.stdout, new RegExp(`^sweep ${name} is cancelled: \\d waiting taken out, \\d with agents, which save them$`, 'm'));
  const ended = await followed.finished;
  t.is(ended.code, EXIT.interrupted);
  t.true(ended.stderr.includes('the sweep was cancelled'));
  t.false(ended.stderr.includes('in the background'));
  t.is((await listed())['status'], 'cancelled');
  await until(
    'the agent has let go',
    () => agent.events.filter(({ type }) => type === 'begin').length === agent.events.filter(({ type }) => type === 'end').length,
  );

  const state = readSweep(directory);
  t.is(state.status, 'interrupted');
  t.deepEqual(
    state.trials.map(({ status: one }) => one),
    ['queued', 'queued'],
  );
});

redisTest('an agent saves and gives back what it trains at SIGTERM, and a password is written down nowhere', async (t) => {
  t.timeout(120_000);
  const server = await TestRedis.start(t, ['--requirepass', SECRET]);
  const cwd = workplace(t, {});
  const store = `file:${path.join(cwd, 'store')}`;
  const env = { GRADLOOM_QUEUE: `redis://:${SECRET}@127.0.0.1:${server.port}` };
  const agent = start(['agent', '--store', store, '--lock', '1500ms', '--cores', '1'], { cwd, env });
  t.teardown(() => agent.child.kill('SIGKILL'));
  const sweep = start(['sweep', sweepFile(cwd), ...LONG, '--queue', env.GRADLOOM_QUEUE, '--store', store], { cwd });
  t.teardown(() => sweep.child.kill('SIGKILL'));
  await agent.says(': begun');
  agent.child.kill('SIGTERM');
  const { code, stderr } = await agent.finished;
  t.is(code, EXIT.terminated);
  t.regex(stderr, /trial \d+: saved and given back after /);
  const directory = onlySweep(cwd);
  const { command = '' } = lockOwner(directory) ?? {};
  t.true(command.includes('redis://:***@127.0.0.1'));
  await agentHere(t, { queue: env.GRADLOOM_QUEUE, store }, { maxIdleMs: 5000 }).ended;
  const ended = await sweep.finished;
  t.is(ended.code, 0);
  const written = readdirSync(cwd, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'));
  t.false([...written, stderr, ended.stdout, ended.stderr].some((text) => text.includes(SECRET)));
});
