import { existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { Fleet } from '../../../src/remote/queue/fleet.ts';
import { readTrialLog } from '../../../src/sweep/journal/log.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { sweep } from '../../../src/sweep/session/sweep.ts';
import type { Trial } from '../../../src/sweep/trial.ts';
import { start } from '../../cli/support/run-cli.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { loaded, played, table } from '../../sweep/support/sweep-case.ts';
import { agentHere, agentProcess, decisionsAndResults, farSweep, LOCK_MS, type Place } from '../support/fleet-case.ts';
import { storeIn, TestRedis, until } from '../support/redis.ts';
import { redisTest } from '../support/redis-test.ts';

/** Trials of half a second or more, with checkpoints on the way. */
const LONG = ['run_cap=2', 'train.epochs=2000', 'train.batch_size=10', 'train.eval.every.epochs=1000', 'train.checkpoint.every.steps=1000'];

interface Calm {
  table: Omit<Trial, 'seconds' | 'retries'>[];
  log: ReturnType<typeof decisionsAndResults>;
}

interface Case {
  server: TestRedis;
  place: Place;
  text: ReturnType<typeof loaded>;
  directory: string;
}

let calm: Promise<Calm> | undefined;

async function caseOf(t: ExecutionContext): Promise<Case> {
  const server = await TestRedis.start(t);
  const text = loaded(temporary(t), '', LONG);
  calm ??= calmSweep(text, path.join(temporary(t), 'sweep'));
  await calm;
  const place = { queue: server.url, store: storeIn(temporary(t)) };
  return { server, place, text, directory: path.join(temporary(t), 'sweep') };
}

/** What the sweep comes to where nobody disturbs it: the same for all tests. */
async function calmSweep(text: Case['text'], directory: string): Promise<Calm> {
  const { summary } = await played(sweep(text, { directory }));
  return { table: table(summary), log: decisionsAndResults(directory) };
}

/** Each part of a run has one result, and each is that of the undisturbed sweep. */
async function isUndisturbed(t: ExecutionContext, { directory }: Case): Promise<void> {
  const expected = await calm;
  t.deepEqual(table(readSweep(directory)), expected?.table);
  t.deepEqual(decisionsAndResults(directory), expected?.log);
}

redisTest('V8 an agent that is killed in the middle of a trial costs time, and nothing else', async (t) => {
  t.timeout(180_000);
  const one = await caseOf(t);
  const { place, text, directory } = one;
  const first = agentProcess(t, place);
  let isKilled = false;
  const { tally } = await farSweep(
    t,
    place,
    { loaded: text, directory, settings: text.settings },
    {
      onEvent: (event) => {
        if (isKilled || event.type !== 'progress' || !event.running.some(({ step }) => step > 2000)) return;
        isKilled = true;
        first.child.kill('SIGKILL');
        agentHere(t, place);
      },
    },
  );
  t.true(isKilled);
  await isUndisturbed(t, one);
  t.is(tally?.lost, 1);
});

redisTest('V4 an agent that was frozen for longer than its lock does not undo what another has done', async (t) => {
  t.timeout(180_000);
  const one = await caseOf(t);
  const { place, text, directory } = one;
  const zombie = agentProcess(t, place);
  let frozen: string | undefined;
  const far = farSweep(
    t,
    place,
    { loaded: text, directory, settings: text.settings },
    {
      onEvent: (event) => {
        if (frozen !== undefined || event.type !== 'progress') return;
        const running = event.running.find(({ step }) => step > 1000);
        if (running === undefined) return;
        frozen = running.agent;
        zombie.child.kill('SIGSTOP');
      },
    },
  );
  await until('the agent is frozen', () => frozen !== undefined);
  const second = agentHere(t, place, { cores: 1 });
  await until('another agent has its trial', () => second.events.some(({ type }) => type === 'begin'));
  await pause(LOCK_MS);
  zombie.child.kill('SIGCONT');
  const { tally } = await far;
  await isUndisturbed(t, one);
  t.is(tally?.lost, 1);
  zombie.child.kill('SIGTERM');
  const { code, stderr } = await zombie.finished;
  t.is(code, EXIT.terminated);
  t.regex(stderr, /lost to another agent|Missing lock|could not renew lock/);
});

redisTest('V8 a Redis that is killed and started again from its file loses nothing', async (t) => {
  t.timeout(180_000);
  const one = await caseOf(t);
  const { server, place, text, directory } = one;
  const agent = agentHere(t, place);
  let restarted: Promise<void> | undefined;
  const restart = async (): Promise<void> => {
    await server.kill();
    // Longer than the lock.
    await pause(LOCK_MS + 500);
    await server.restart();
  };
  const { told } = await farSweep(
    t,
    place,
    { loaded: text, directory, settings: text.settings },
    {
      onEvent: (event) => {
        if (event.type === 'progress' && event.running.some(({ step }) => step > 1000)) restarted ??= restart();
      },
    },
  );
  await restarted;
  await isUndisturbed(t, one);
  t.true(told.some((message) => message === `${place.queue} is away; agents go on with what they have`));
  t.true(told.some((message) => message === `${place.queue} is there again`));
  agent.stop();
  t.is((await agent.ended).reason, 'interrupted');
});

redisTest('V8 a Redis that has forgotten everything is told again', async (t) => {
  t.timeout(180_000);
  const one = await caseOf(t);
  const { place, text, directory } = one;
  agentHere(t, place);
  let flushed: Promise<unknown> | undefined;
  const flush = async (): Promise<void> => {
    const client = new Redis(place.queue);
    await client.flushall();
    client.disconnect();
  };
  await farSweep(
    t,
    place,
    { loaded: text, directory, settings: text.settings },
    {
      onEvent: (event) => {
        if (event.type === 'progress' && event.running.some(({ step }) => step > 1000)) flushed ??= flush();
      },
    },
  );
  await flushed;
  await isUndisturbed(t, one);
});

redisTest('a job that an agent is given again before it knows that it was lost is trained once at a time', async (t) => {
  t.timeout(180_000);
  const server = await TestRedis.start(t);
  const text = loaded(temporary(t), '', [...LONG, 'run_cap=1']);
  const place = { queue: server.url, store: storeIn(temporary(t)) };
  // One that looks after its locks so seldom that it sees the job first, and has a core to spare for it.
  const agent = agentHere(t, place, { lockMs: 20_000 });
  const client = new Redis(place.queue);
  t.teardown(() => client.disconnect());
  const far = farSweep(t, place, { loaded: text, directory: path.join(temporary(t), 'sweep'), settings: text.settings });
  await until('it is trained', () => agent.events.some(({ type }) => type === 'begin'));
  await client.flushall();
  const { summary } = await far;
  t.is(summary.status, 'finished');
  agent.stop();
  await agent.ended;
  const story = agent.events.flatMap((event) => (event.type === 'begin' ? ['begin'] : event.type === 'end' ? [event.status] : []));
  t.deepEqual(story, ['begin', 'paused', 'begin', 'reached']);
});

/** What an agent says when its store is away. */
const MISSED = 'the store does not take it';

redisTest('a store that is away for a while is waited for', async (t) => {
  t.timeout(180_000);
  const one = await caseOf(t);
  const { place, text, directory } = one;
  const store = place.store.slice('file:'.length);
  const agent = agentHere(t, place);
  let back: Promise<void> | undefined;
  const away = async (): Promise<void> => {
    renameSync(store, `${store}-away`);
    // Nobody can make it anew meanwhile.
    writeFileSync(store, '');
    await until('it is missed', () => agent.events.some((event) => event.type === 'notice' && event.message.startsWith(MISSED)));
    await pause(500);
    renameSync(store, `${store}-file`);
    renameSync(`${store}-away`, store);
  };
  await farSweep(
    t,
    place,
    { loaded: text, directory, settings: text.settings },
    {
      onEvent: (event) => {
        if (event.type === 'progress' && event.running.some(({ step }) => step > 1000)) back ??= away();
      },
    },
  );
  await back;
  await isUndisturbed(t, one);
  t.true(agent.events.some((event) => event.type === 'notice' && event.message === 'the store is there again'));
});

redisTest('V1 a session that is killed is gone on with, and finds what agents have done meanwhile', async (t) => {
  t.timeout(180_000);
  const one = await caseOf(t);
  const { place, text, directory } = one;
  agentHere(t, place);
  // A session that ends at once leaves a sweep; the process that goes on with it is killed.
  await farSweep(t, place, { loaded: text, directory, settings: text.settings }, { signal: AbortSignal.abort() });
  const coordinator = start(['sweep', 'resume', directory, '--queue', place.queue, '--store', place.store]);
  t.teardown(() => coordinator.child.kill('SIGKILL'));
  const fleet = await Fleet.open(place);
  t.teardown(() => fleet.close());
  await until('agents have begun', async () => (await fleet.look()).some(({ running }) => running.some(({ step }) => step > 1000)));
  coordinator.child.kill('SIGKILL');
  await coordinator.finished;
  await until('agents are done with what is in the queue', async () => (await fleet.queue.getJobCountByTypes('completed')) === 2);
  t.is(readTrialLog(directory).entries.filter(({ type }) => type === 'run').length, 0, 'nobody has told the log');
  const { summary } = await farSweep(t, place, { directory, settings: text.settings });
  t.is(summary.status, 'finished');
  await isUndisturbed(t, one);
  t.true(existsSync(path.join(directory, 'trials/1/model.safetensors')));
});

redisTest('a queue that is away for too long ends the session with 69, and the sweep goes on later', async (t) => {
  t.timeout(180_000);
  const one = await caseOf(t);
  const { server, place, text, directory } = one;
  const killed = farSweep(
    t,
    place,
    { loaded: text, directory, settings: text.settings },
    { timing: { patienceMs: 500 }, onEvent: (event) => void (event.type === 'progress' && event.queued > 0 && void server.kill()) },
  );
  const error = await t.throwsAsync(killed, { instanceOf: GradloomError });
  t.is(error.code, 'E_QUEUE');
  t.is(error.exitCode, EXIT.unavailable);
  t.is(error.where, place.queue);
  t.regex(error.message, /^the queue is away since \d+ s$/);
  t.regex(error.next ?? '', /then: gradloom sweep resume /);
  await server.restart();
  agentHere(t, place);
  await farSweep(t, place, { directory, settings: text.settings });
  await isUndisturbed(t, one);
});
