import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { Fleet } from '../../../src/remote/queue/fleet.ts';
import type { TrialJob } from '../../../src/remote/queue/protocol.ts';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { loaded, played, sweepFile, table } from '../../sweep/support/sweep-case.ts';
import { agentHere, farSweep, type Place } from '../support/fleet-case.ts';
import { storeIn, TestRedis } from '../support/redis.ts';
import { redisTest } from '../support/redis-test.ts';

/** A sweep of one trial whose job waits in the queue, as another machine would find it. */
async function waiting(t: ExecutionContext, change: (job: TrialJob) => Partial<TrialJob>): Promise<{ place: Place; fleet: Fleet }> {
  const place = { queue: (await TestRedis.start(t)).url, store: storeIn(temporary(t)) };
  const text = loaded(temporary(t), '', ['run_cap=1']);
  const abort = new AbortController();
  const onTell = (): void => abort.abort();
  await farSweep(
    t,
    place,
    { loaded: text, directory: path.join(temporary(t), 'sweep'), settings: text.settings },
    { signal: abort.signal, onTell },
  );
  const fleet = await Fleet.open(place);
  t.teardown(() => fleet.close());
  const [job] = await fleet.queue.getJobs(['waiting']);
  await job!.updateData({ ...job!.data, ...change(job!.data as TrialJob) });
  return { place, fleet };
}

const OTHER = 'f'.repeat(64);
const REFUSALS: readonly { title: string; change: (job: TrialJob) => Partial<TrialJob>; message: RegExp }[] = [
  {
    title: 'kernels of another version',
    change: () => ({ kernels: 99 }),
    message: /^kernels of version \d+ here, of version 99 where the sweep was begun$/,
  },
  {
    title: 'other bits in the self-test',
    change: () => ({ bits: OTHER }),
    message: /^the self-test gives [0-9a-f]{12} with Node [\d.]+ here, f{12} where/,
  },
  {
    title: 'another store',
    change: () => ({ store: '0123456789abcdef', storeShown: 'file:/mnt/runs' }),
    message: /^the store here is file:.*, the sweep's is file:\/mnt\/runs \(0123456789abcdef\)$/,
  },
  {
    title: 'an experiment that means something else',
    change: () => ({ configHash: OTHER }),
    message: /^the experiment means something else here$/,
  },
  {
    title: 'an experiment that is not valid',
    change: ({ config }) => ({ config: config.replace('{', '{"lerning":1,') }),
    message: /^the experiment is not valid here: lerning: unknown key/,
  },
  { title: 'an experiment that is no YAML', change: () => ({ config: 'a: [' }), message: /^the experiment is not valid here: / },
  {
    title: 'data that are nowhere',
    change: () => ({ data: OTHER }),
    message:
      /^the data set \(synthetic\) is not to be had: its files are others here \(sha256 [0-9a-f]{12}\), and it is not in the store file:/,
  },
  {
    title: 'a job of another version',
    change: () => ({ version: 2 as 1 }),
    message: /^its jobs are not understood: version: expected version 1$/,
  },
  {
    title: 'a directory that leads out',
    change: ({ work }) => ({ work: { ...work, directory: 'trials/../../etc' } }),
    message: /^its jobs are not understood: work\.directory: expected /,
  },
];

for (const { title, change, message } of REFUSALS) {
  redisTest(`an agent refuses ${title} by name, with 65, and the job stays for others`, async (t) => {
    t.timeout(60_000);
    const { place, fleet } = await waiting(t, change);
    const error = await t.throwsAsync(agentHere(t, place).ended, { instanceOf: GradloomError });
    t.is(error.code, 'E_AGENT');
    t.is(error.exitCode, EXIT.data);
    t.is(error.where, 'sweep sweep');
    t.regex(error.message, message);
    t.truthy(error.next);
    t.is(await fleet.queue.getJobCountByTypes('waiting'), 1);
    t.deepEqual(await fleet.look(), [], 'it has left');
  });
}

/** A table of two columns and a class. */
function csvIn(directory: string, scale: number): string {
  const file = path.join(directory, 'train.csv');
  const rows = Array.from({ length: 90 }, (_, i) => `${Math.sin(i) * scale},${Math.cos(3 * i)},${'abc'[i % 3]}`);
  writeFileSync(file, `x,y,kind\n${rows.join('\n')}\n`);
  return file;
}

const BASE = `name: base
data: {source: {type: csv, path: ./train.csv, target: kind}}
model: {layers: [{type: dense, units: 3}]}
train: {epochs: 2, batch_size: 10}
`;

for (const [title, spoil] of [
  ['are missing', (file: string) => rmSync(file)],
  ['are others', (file: string) => void csvIn(path.dirname(file), 2)],
] as const) {
  redisTest(`an agent on which the files of a data set ${title} fetches it from the store`, async (t) => {
    t.timeout(120_000);
    const server = await TestRedis.start(t);
    const folder = temporary(t);
    const file = csvIn(folder, 1);
    const text = loadSweep(sweepFile(folder, '', { base: BASE }), { overrides: ['run_cap=2'] });
    const expected = (await played(sweep(text, { directory: path.join(temporary(t), 'sweep') }))).summary;
    const place = { queue: server.url, store: storeIn(temporary(t)) };
    let isSpoilt = false;
    const { summary } = await farSweep(
      t,
      place,
      { loaded: text, directory: path.join(temporary(t), 'sweep'), settings: text.settings },
      {
        onTell: (message) => {
          // Both trials are in the queue, and their data in the store.
          if (isSpoilt || !message.startsWith('no agent is there')) return;
          isSpoilt = true;
          spoil(file);
          agentHere(t, place);
        },
      },
    );
    t.true(isSpoilt);
    t.deepEqual(table(summary), table(expected));
  });
}

redisTest('a trial that fails by its configuration, or its data, is a result with the words of a local one', async (t) => {
  t.timeout(120_000);
  const server = await TestRedis.start(t);
  const folder = temporary(t);
  csvIn(folder, 1);
  const [target, file] = ['data.source.target', 'data.source.path'];
  const more = `enqueue:
- {${target}: none, ${file}: ./train.csv}
- {${target}: kind, ${file}: ./none.csv}
- {${target}: kind, ${file}: ./train.csv}
parameters: {${target}: {values: [kind, none]}, ${file}: {values: [./train.csv, ./none.csv]}}
on_trial_error: {abort_after: 0}
`;
  const sweepText = 'name: small\nbase: ./base.yaml\nrun_cap: 3\nmetric: {name: val.loss}\n';
  const text = loadSweep(sweepFile(folder, more, { base: BASE, sweep: sweepText }));
  const expected = (await played(sweep(text, { directory: path.join(temporary(t), 'sweep') }))).summary;
  t.is(expected.failed, 2);
  const place = { queue: server.url, store: storeIn(temporary(t)) };
  agentHere(t, place);
  const { summary } = await farSweep(t, place, { loaded: text, directory: path.join(temporary(t), 'sweep'), settings: text.settings });
  t.deepEqual(table(summary), table(expected));
});
