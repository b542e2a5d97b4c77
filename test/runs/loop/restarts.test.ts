import { readFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import type { RunEvent, Summary } from '../../../src/runs/events.ts';
import { Restarts } from '../../../src/runs/loop/restarts.ts';
import { train } from '../../../src/runs/training/train.ts';
import { FAULTY_ENTRY } from '../../engine/support/faulty-engine.ts';
import type { Fault } from '../../engine/support/faulty-rank.ts';
import { threadsLeft } from '../../engine/support/threads.ts';
import { resultFiles, resumable } from '../support/resume-case.ts';
import { temporary } from '../support/run-tree.ts';

const SHORT = { steps: 24, eval: { every: { steps: 5 } } };

interface Outcome {
  events: RunEvent[];
  summary?: Summary;
  error?: GradloomError;
  directory: string;
}

async function runWith(t: ExecutionContext, fault: Fault | undefined, options: { dry?: boolean; hangMs?: number } = {}): Promise<Outcome> {
  const track = fault === undefined ? {} : { notes: JSON.stringify(fault) };
  const experiment = resumable(temporary(t), { train: SHORT, track, parallel: { workers: 2 } });
  const engine = { ...(fault && { entry: FAULTY_ENTRY }), ...(options.hangMs !== undefined && { hangMs: options.hangMs }) };
  const run = train({ experiment }, { engine, dry: options.dry });
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  const start = events.find((event) => event.type === 'start');
  const directory = start?.directory ?? '';
  try {
    return { events, summary: await run.result, directory };
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return { events, error, directory };
  }
}

const determined = (events: readonly RunEvent[]): unknown[] =>
  events.flatMap((event): unknown[] => {
    if (event.type === 'metrics') return [event.line];
    return event.type === 'epoch' ? [[event.epoch, event.step, event.trainLoss]] : [];
  });
const restarts = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'warning' && event.code === 'W_WORKER_RESTART' ? [event.message] : []));

let undisturbed: Promise<{ files: Record<string, string>; told: unknown[] }> | undefined;

function expected(t: ExecutionContext): Promise<{ files: Record<string, string>; told: unknown[] }> {
  undisturbed ??= runWith(t, undefined).then(({ directory, events }) => ({ files: resultFiles(directory), told: determined(events) }));
  return undisturbed;
}

for (const { fault, from, hangMs } of [
  { fault: { kind: 'trap', rank: 1, step: 17 }, from: 12 },
  { fault: { kind: 'exit', rank: 0, step: 3 }, from: 0 },
  { fault: { kind: 'loop', rank: 1, step: 8 }, from: 6, hangMs: 1500 },
  { fault: { kind: 'throw', rank: 1, step: 0, during: 'evaluate' }, from: 0 },
] as const satisfies { fault: Fault; from: number; hangMs?: number }[]) {
  test.serial(
    `W1 W2 after one ${fault.kind} of a worker new threads repeat the steps: files and events as if nothing had been`,
    async (t) => {
      t.timeout(60_000);
      const { files, told } = await expected(t);
      const once = path.join(temporary(t), 'struck');
      const { summary, events, directory } = await runWith(t, { ...fault, once }, hangMs === undefined ? {} : { hangMs });
      t.is(summary?.status, 'finished');
      t.is(restarts(events).length, 1);
      t.regex(restarts(events)[0]!, new RegExp(`^worker ${fault.rank}.*; new threads repeat the steps from ${from} on$`));
      t.deepEqual(determined(events), told, 'nothing is told twice');
      const found = resultFiles(directory);
      for (const [name, content] of Object.entries(files)) t.true(found[name] === content, name);
      t.is(await threadsLeft(), 0);
    },
  );
}

test.serial('W1 a dry run is repeated from its start', async (t) => {
  const { told } = await expected(t);
  const once = path.join(temporary(t), 'struck');
  const { summary, events } = await runWith(t, { kind: 'trap', rank: 1, step: 7, once }, { dry: true });
  t.is(summary?.status, 'finished');
  t.deepEqual(determined(events), told);
});

test.serial('W1 the same fault at the same step is no accident: 81 at once, with the checkpoint and the command to go on', async (t) => {
  const { error, events, directory } = await runWith(t, { kind: 'trap', rank: 1, step: 17 });
  t.is(error?.code, 'E_WORKER_TRAP');
  t.is(error?.exitCode, EXIT.worker);
  t.is(error?.where, 'worker 1 step 17');
  t.is(restarts(events).length, 1);
  t.is(error?.kept, `${directory}, metrics up to step 17, checkpoint of step 12`);
  t.is(error?.next, `gradloom resume ${directory}`);
  const summary = JSON.parse(readFileSync(path.join(directory, 'summary.json'), 'utf8')) as Summary;
  t.is(summary.status, 'failed');
  t.is(await threadsLeft(), 0);
});

test('threads are replaced twice in a run, for faults of workers only', (t) => {
  const fault = (where: string): GradloomError => new GradloomError({ code: 'E_WORKER_TRAP', where, message: 'unreachable' });
  const decider = new Restarts();
  t.false(decider.allow(new GradloomError({ code: 'E_DIVERGED', message: 'x' }), 1));
  t.false(decider.allow(new GradloomError({ code: 'E_POOL_START', message: 'x' }), 1));
  t.true(decider.allow(fault('worker 1 step 3'), 3));
  t.false(decider.allow(fault('worker 1 step 3'), 3));
  t.true(decider.allow(fault('worker 0 step 3'), 3));
  t.false(decider.allow(fault('worker 0 step 9'), 9));
});
