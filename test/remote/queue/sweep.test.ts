import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Fleet } from '../../../src/remote/queue/fleet.ts';
import { jobIdOf } from '../../../src/remote/queue/protocol.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { ASHA, digests, loaded, played, table } from '../../sweep/support/sweep-case.ts';
import { agentHere, decisionsAndResults, farSweep } from '../support/fleet-case.ts';
import { storeIn, TestRedis } from '../support/redis.ts';
import { redisTest } from '../support/redis-test.ts';

/** A diverging trial, and one that is not valid, are results like others. */
const HARD = ['parameters.optimizer.lr.max=1e6', 'run_cap=8'];
const CASES = [
  { title: 'random search', more: '', overrides: HARD },
  { title: 'tpe', more: '', overrides: ['method=tpe', 'run_cap=8'] },
  { title: 'asha on two seeds', more: `seeds: 2\n${ASHA}`, overrides: ['run_cap=6'] },
  { title: 'hyperband', more: 'early_terminate: {type: hyperband, min: 1, max: 4, eta: 2}\n', overrides: ['run_cap=6'] },
  { title: 'median', more: 'early_terminate: {type: median, min: 1, max: 4, startup: 2}\n', overrides: ['run_cap=6'] },
];

for (const { title, more, overrides } of CASES) {
  redisTest(`${title} with two agents has the table, the decisions and the weights of a local sweep`, async (t) => {
    t.timeout(180_000);
    const server = await TestRedis.start(t);
    const text = loaded(temporary(t), more, overrides);
    const [calm, far] = [path.join(temporary(t), 'sweep'), path.join(temporary(t), 'sweep')];
    const expected = (await played(sweep(text, { directory: calm }))).summary;
    const place = { queue: server.url, store: storeIn(temporary(t)) };
    agentHere(t, place);
    agentHere(t, place, { cores: 1 });
    const { summary, tally } = await farSweep(t, place, { loaded: text, directory: far, settings: text.settings });
    t.deepEqual(table(summary), table(expected));
    t.deepEqual(decisionsAndResults(far), decisionsAndResults(calm));
    t.is(summary.status, 'finished');
    const parts = decisionsAndResults(calm).results.length;
    t.is(
      tally?.agents.reduce((sum, { parts: own }) => sum + own, 0),
      parts,
    );
    const trials = summary.trials.filter(({ status }) => status === 'finished');
    t.deepEqual(digests(far, { trials }), digests(calm, { trials }));
    for (const run of trials.flatMap((trial) => trial.runs)) {
      const bytes = (directory: string, name: string): Buffer => readFileSync(path.join(directory, run, name));
      for (const name of ['metrics.jsonl', 'digests.jsonl', 'model.safetensors'])
        t.deepEqual(bytes(far, name), bytes(calm, name), `${run}/${name}`);
    }
  });
}

redisTest('the Redis of the queue can be the store, and nothing of a sweep that is over is left in either', async (t) => {
  t.timeout(120_000);
  const server = await TestRedis.start(t);
  const text = loaded(temporary(t), ASHA, ['run_cap=4']);
  const expected = (await played(sweep(text, { directory: path.join(temporary(t), 'sweep') }))).summary;
  const place = { queue: server.url, store: 'redis:' };
  agentHere(t, place);
  const { summary } = await farSweep(t, place, { loaded: text, directory: path.join(temporary(t), 'sweep'), settings: text.settings });
  t.deepEqual(table(summary), table(expected));
  const fleet = await Fleet.open(place);
  t.teardown(() => fleet.close());
  t.deepEqual(await fleet.store.list('runs'), []);
  t.is(await fleet.queue.getJobCountByTypes('waiting', 'active', 'completed', 'failed'), 0);
  const [known] = await fleet.sweeps.all();
  t.like(known, { status: 'finished', ended: 4, total: 4, running: 0 });
});

redisTest('an agent goes on with a trial of an agent that ended in the middle of it, and joins at any time', async (t) => {
  t.timeout(120_000);
  const server = await TestRedis.start(t);
  const text = loaded(temporary(t), '', ['run_cap=2', 'train.epochs=12000', 'train.eval.every.epochs=6000', 'train.batch_size=10']);
  const expected = (await played(sweep(text, { directory: path.join(temporary(t), 'sweep') }))).summary;
  const place = { queue: server.url, store: storeIn(temporary(t)) };
  const first = agentHere(t, place, { cores: 1 });
  let hasJoined = false;
  const { summary, tally } = await farSweep(
    t,
    place,
    { loaded: text, directory: path.join(temporary(t), 'sweep'), settings: text.settings },
    {
      onEvent: (event) => {
        if (hasJoined || event.type !== 'progress' || !event.running.some(({ step }) => step > 200)) return;
        hasJoined = true;
        first.stop();
        agentHere(t, place);
      },
    },
  );
  t.true(hasJoined);
  t.deepEqual(table(summary), table(expected));
  t.is((await first.ended).reason, 'interrupted');
  const [ended] = first.events.filter((event) => event.type === 'end' && event.status === 'paused');
  t.truthy(ended, 'what it trained was saved and given back');
  t.is(tally?.lost, 0);
  t.is(tally?.wastedSteps, 0);
});

redisTest('what is put in the queue twice is there once, also after it was done', async (t) => {
  t.timeout(60_000);
  const server = await TestRedis.start(t);
  const place = { queue: server.url, store: storeIn(temporary(t)) };
  const text = loaded(temporary(t), '', ['run_cap=2']);
  const directory = path.join(temporary(t), 'sweep');
  // Nobody trains: the session ends, and what it has put there stays.
  const abort = new AbortController();
  const onTell = (message: string): void => {
    if (message.startsWith(`no agent is there; start some: gradloom agent --queue ${server.url} --store file:`)) abort.abort();
  };
  const first = await farSweep(t, place, { loaded: text, directory, settings: text.settings }, { signal: abort.signal, onTell });
  t.is(first.summary.status, 'interrupted');
  const fleet = await Fleet.open(place);
  t.teardown(() => fleet.close());
  const jobs = await fleet.queue.getJobs(['waiting']);
  t.is(jobs.length, 2);
  for (const job of jobs) t.is(job.id, jobIdOf(job.data));
  const agent = agentHere(t, place, { maxIdleMs: 1000 });
  t.is((await agent.ended).done, 2);
  t.is(await fleet.queue.getJobCountByTypes('completed'), 2);
  const second = await farSweep(t, place, { directory, settings: text.settings });
  t.is(second.summary.status, 'finished');
  t.is(second.summary.trials.filter(({ status }) => status === 'finished').length, 2);
  t.is((await agent.ended).done, 2, 'their results were there already');
  t.true(existsSync(path.join(directory, 'trials/0/model.safetensors')));
});
