import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { parse, parseAllDocuments } from 'yaml';
import { parseArguments } from '../src/cli/parse.ts';
import { EXIT } from '../src/errors.ts';
import { Fleet } from '../src/remote/queue/fleet.ts';
import { workplace } from './cli/support/run-cli.ts';
import { storeIn, TestRedis, until } from './remote/support/redis.ts';
import { redisTest } from './remote/support/redis-test.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SLURM = path.join(ROOT, 'deploy/slurm-agents.sh');
const MAIN = path.join(ROOT, 'dist/src/cli/main.js');

interface Compose {
  services: Record<'queue' | 'agent', { command: string[]; environment?: Record<string, string> }>;
}

interface KubernetesJob {
  spec: { template: { spec: { containers: { args: string[]; env: { name: string }[] }[] } } };
}

const read = (name: string): string => readFileSync(path.join(ROOT, 'deploy', name), 'utf8');
const compose = parse(read('compose.yaml')) as Compose;

/** What our own command line understands: the URL comes by the environment. */
function understood(words: readonly string[]): string {
  process.env['GRADLOOM_QUEUE'] ??= 'redis://127.0.0.1:6379';
  return parseArguments(words).command;
}

test('files of deploy are valid, and all commands in them are understood', (t) => {
  for (const document of parseAllDocuments(read('kubernetes.yaml'))) t.deepEqual([document.errors, document.warnings], [[], []]);
  const { spec } = parse(read('kubernetes.yaml')) as KubernetesJob;
  for (const { args, env } of spec.template.spec.containers) {
    t.is(understood(args), 'agent');
    t.deepEqual(
      env.map(({ name }) => name),
      ['GRADLOOM_QUEUE'],
    );
  }
  t.is(understood(compose.services.agent.command), 'agent');
  t.deepEqual(compose.services.agent.environment, { GRADLOOM_QUEUE: 'redis://queue:6379' });
  const names = ['Dockerfile', 'compose.yaml', 'kubernetes.yaml', 'slurm-agents.sh'];
  const typed = names.flatMap((name) => [...read(name).matchAll(/^#.*?\bgradloom ((?:sweep|agent) .*)$/gm)].map(([, words = '']) => words));
  t.true(typed.length > 0);
  for (const words of typed) t.is(understood(words.split(' ')), words.split(' ')[0] === 'sweep' ? 'sweep run' : 'agent', words);
});

test('the Dockerfile copies what there is, and starts the command of the package', (t) => {
  const lines = read('Dockerfile').split('\n');
  const after = (word: string): string[] => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  for (const copy of after('COPY')) for (const from of copy.split(' ').slice(0, -1)) t.true(existsSync(path.join(ROOT, from)), from);
  const [entry = '[]'] = after('ENTRYPOINT');
  const [node, main = ''] = JSON.parse(entry) as string[];
  t.is(node, 'node');
  t.is(path.join(ROOT, path.relative('/opt/gradloom', main)), MAIN);
  const [words = '[]'] = after('CMD');
  t.is(understood(JSON.parse(words) as string[]), 'agent');
});

redisTest('the Redis of the compose file is one that nothing is to be said against', async (t) => {
  t.timeout(60_000);
  const [program, ...args] = compose.services.queue.command;
  t.is(program, 'redis-server');
  const server = await TestRedis.start(t, args);
  const fleet = await Fleet.open({ queue: server.url, store: storeIn(workplace(t, {})) });
  t.teardown(() => fleet.close());
  t.deepEqual(fleet.doubts, []);
});

/** Programs that stand for those of a cluster: `srun` runs what comes after its options, as it does on one node. */
function programs(t: ExecutionContext): string {
  const folder = workplace(t, {
    srun: '#!/bin/sh\nwhile case $1 in --*) true;; *) false;; esac; do shift; done\nexec "$@"\n',
    gradloom: `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`,
  });
  for (const name of ['srun', 'gradloom']) chmodSync(path.join(folder, name), 0o700);
  return folder;
}

redisTest('the job of the Slurm array ends with its agent, which a signal lets save what it has', async (t) => {
  t.timeout(120_000);
  const server = await TestRedis.start(t);
  const store = storeIn(workplace(t, {}));
  const env = { ...process.env, PATH: `${programs(t)}:${process.env['PATH']}`, SLURM_CPUS_PER_TASK: '1' };
  const job = spawn('bash', [SLURM], {
    env: { ...env, GRADLOOM_QUEUE: server.url, GRADLOOM_STORE: store },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => job.kill('SIGKILL'));
  let said = '';
  for (const stream of [job.stdout, job.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<number | null>((resolve) => job.on('exit', resolve));
  const fleet = await Fleet.open({ queue: server.url, store });
  t.teardown(() => fleet.close());
  await until('the agent is there', async () => (await fleet.look()).length === 1);
  job.kill('SIGTERM');
  t.is(await ended, EXIT.terminated, said);
  t.deepEqual(await fleet.look(), [], 'it has left before the job ended');
  t.regex(said, /agent \S+ ended/);
});
