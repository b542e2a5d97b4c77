import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { makeScratch } from '../../../src/remote/agent/scratch.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { agentProcess } from '../support/fleet-case.ts';
import { storeIn, TestRedis, until } from '../support/redis.ts';
import { redisTest } from '../support/redis-test.ts';

const none = (message: string): never => {
  throw new Error(message);
};

redisTest('the folder of an agent that was killed is removed by the next one of the machine, that of a living one stays', async (t) => {
  t.timeout(60_000);
  const server = await TestRedis.start(t);
  const parent = temporary(t);
  const place = { queue: server.url, store: storeIn(temporary(t)) };
  const killed = agentProcess(t, place, '--scratch', parent);
  await until('it has a folder', () => readdirSync(parent).some((name) => name.startsWith('gradloom-agent-')));
  const [left = ''] = readdirSync(parent);
  writeFileSync(path.join(parent, left, 'rest'), 'of a run');
  const own = makeScratch(parent, none);
  t.deepEqual(readdirSync(parent).toSorted(), [left, path.basename(own)].toSorted(), 'both agents are alive');
  killed.child.kill('SIGKILL');
  await killed.finished;
  const next = makeScratch(parent, none);
  t.deepEqual(readdirSync(parent).toSorted(), [path.basename(own), path.basename(next)].toSorted());
});

test('what is not a folder that an agent has left stays, and a place that is none is refused', (t) => {
  const parent = temporary(t);
  const elsewhere = temporary(t);
  mkdirSync(path.join(parent, 'gradloom-test'));
  symlinkSync(elsewhere, path.join(parent, 'gradloom-agent-link'));
  writeFileSync(path.join(parent, 'gradloom-agent-file'), '');
  const own = makeScratch(parent, none);
  t.deepEqual(
    readdirSync(parent).toSorted(),
    ['gradloom-agent-file', 'gradloom-agent-link', path.basename(own), 'gradloom-test'].toSorted(),
  );
  t.true(existsSync(elsewhere));
  const error = t.throws(() => makeScratch(path.join(parent, 'none'), none), { instanceOf: GradloomError });
  t.is(error.code, 'E_STORAGE');
  t.is(error.exitCode, EXIT.storage);
  t.is(error.next, 'give another directory: --scratch DIR');
});
