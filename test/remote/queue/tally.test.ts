import test from 'ava';
import type { AgentState } from '../../../src/remote/queue/options.ts';
import { Tally } from '../../../src/remote/queue/tally.ts';

const state = (id: string, at: { step: number; fromStep: number } | undefined, busy = 5): AgentState => ({
  id,
  host: 'host',
  pid: 1,
  cores: 2,
  running: at === undefined ? [] : [{ job: 'job', sweep: 'sweep', trial: 0, toStep: 5000, workers: 2, ...at }],
  done: 0,
  seconds: 10,
  busy,
});

test('what is done again counts from the last copy to where the lost agent was seen last, once', (t) => {
  const tally = new Tally();
  tally.see([state('a', { step: 900, fromStep: 0 })], 'sweep');
  // States may come late.
  tally.see([state('a', { step: 1400, fromStep: 0 })], 'sweep');
  tally.see([state('a', { step: 1200, fromStep: 0 })], 'sweep');
  t.is(tally.wastedSteps, 0);
  tally.see([state('b', { step: 1000, fromStep: 1000 })], 'sweep');
  tally.see([state('b', { step: 1500, fromStep: 1000 })], 'sweep');
  t.is(tally.wastedSteps, 400);
});

test('nothing is done again where the copy is newer than what was seen', (t) => {
  const tally = new Tally();
  tally.see([state('a', { step: 2100, fromStep: 0 })], 'sweep');
  tally.see([state('b', { step: 3000, fromStep: 3000 })], 'sweep');
  t.is(tally.wastedSteps, 0);
});

test('other sweeps do not count, and an agent is busy for the share of its cores that had something to do', (t) => {
  const tally = new Tally();
  tally.see([state('a', { step: 500, fromStep: 0 })], 'another');
  t.deepEqual(tally.agents, []);
  tally.see([state('a', { step: 500, fromStep: 0 })], 'sweep');
  t.like(tally.agents[0], { agent: 'a', parts: 0, busy: 0.25 });
  // Clocks are rounded.
  tally.see([state('a', undefined, 21)], 'sweep');
  t.is(tally.agents[0]?.busy, 1);
});
