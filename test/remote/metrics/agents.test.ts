import test from 'ava';
import { SeenAgents } from '../../../src/remote/metrics/agents.ts';
import type { AgentState } from '../../../src/remote/queue/options.ts';

const NOBODY = { agents: [] };

function agent(id: string, seconds: number, step: number, more: Partial<AgentState['running'][number]> = {}): AgentState {
  const job = { job: 'j', sweep: 's', trial: 0, fromStep: 100, step, toStep: 1000, workers: 1, ...more };
  return { id, host: 'h', pid: 1, cores: 2, running: [job], done: 0, seconds, busy: 0 };
}

test('steps of an agent are those of its own part and of this sweep, and their rate is that of the last quarter of a minute', (t) => {
  const seen = new SeenAgents('s');
  seen.see([agent('a', 1, 100)], NOBODY, 0);
  for (let second = 1; second <= 60; second++)
    seen.see([agent('a', 1 + second, 100 + (second <= 30 ? 10 : 50) * second)], NOBODY, 1000 * second);
  const [one] = seen.all();
  t.is(one?.steps, 3000);
  t.true(Math.abs((one?.stepsPerSecond ?? 0) - 50) < 1e-9);
  const other = new SeenAgents('another');
  other.see([agent('a', 1, 500)], NOBODY, 0);
  t.is(other.all()[0]?.steps, 0);
});

test('a count of steps never falls, also when a part is lost or has come to its end', (t) => {
  const seen = new SeenAgents('s');
  seen.see([agent('a', 1, 600)], NOBODY, 0);
  seen.see([{ ...agent('a', 2, 0), running: [] }], NOBODY, 1000);
  t.is(seen.all()[0]?.steps, 500);
  const done = [{ agent: 'a', parts: 1, seconds: 1, steps: 900, busy: undefined }];
  seen.see([{ ...agent('a', 3, 0), running: [] }], { agents: done }, 2000);
  t.is(seen.all()[0]?.steps, 900);
});

test('an agent that falls silent is shown with the time since its last sign, one that has said goodbye is not', (t) => {
  const seen = new SeenAgents('s');
  seen.see([agent('left', 1, 100), agent('lost', 1, 100)], NOBODY, 0);
  seen.see([agent('left', 2, 100), agent('lost', 1, 100)], NOBODY, 9000);
  seen.see([], NOBODY, 10_000);
  const [one, ...others] = seen.all();
  t.like(one, { isThere: false, heardAt: 0, stepsPerSecond: 0 });
  t.is(one?.state.id, 'lost');
  t.deepEqual(others, []);
  seen.see([], NOBODY, 700_000);
  t.deepEqual(seen.all(), []);
});
