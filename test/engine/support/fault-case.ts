import { type ErrorCode, GradloomError } from '../../../src/errors.ts';
import { FAULTY_STEPS, startFaulty } from './faulty-engine.ts';
import type { Fault, FaultKind } from './faulty-rank.ts';
import { Dice } from './samples.ts';
import { threadsLeft } from './threads.ts';

const HANG_MS = 600;
/** Hangs are seen after HANG_MS and a tick of the watchdog; then ranks get 500 ms to leave. */
const SLOW_LIMIT_MS = HANG_MS + 250 + 500 + 2000;
const LIMIT_MS = 2000;

const CODES: Partial<Record<FaultKind, ErrorCode>> = {
  trap: 'E_WORKER_TRAP',
  throw: 'E_WORKER',
  'throw text': 'E_WORKER',
  'throw huge': 'E_WORKER',
  'throw cyclic': 'E_WORKER',
  'throw uncloneable': 'E_WORKER',
  overflow: 'E_WORKER',
  exit: 'E_WORKER_EXIT',
  loop: 'E_WORKER_HANG',
  sleep: 'E_WORKER_HANG',
};
const KERNELS = [
  'dense_forward',
  'gelu_forward',
  'softmax_cross_entropy',
  'gelu_backward',
  'dense_weight_gradient',
  'dense_bias_gradient',
  'matmul_nt',
  'scale_max',
  'sgd_step',
] as const;

/** A fault of any kind, in any kernel, rank, step and number of workers: a function of the seed. */
export function faultCase(seed: number): { fault: Fault; workers: number; cuts: number[] } {
  const dice = new Dice(seed);
  const workers = dice.int(1, 4);
  const fault: Fault = {
    kind: dice.pick(Object.keys(CODES) as FaultKind[]),
    rank: dice.int(0, workers - 1),
    step: dice.int(0, FAULTY_STEPS - 1),
    kernel: dice.pick(KERNELS),
  };
  const cut = dice.int(1, FAULTY_STEPS - 1);
  return { fault, workers, cuts: dice.next() < 0.5 ? [FAULTY_STEPS] : [cut, FAULTY_STEPS] };
}

/** Lets the fault of a seed happen; returns what was wrong with the failure, or undefined. */
export async function checkFaultCase(seed: number): Promise<string | undefined> {
  const { fault, workers, cuts } = faultCase(seed);
  const isHang = fault.kind === 'loop' || fault.kind === 'sleep';
  // Without a hang of its own a case waits for the watchdog's usual limit, so that a busy machine is not taken for one.
  const engine = await startFaulty(fault, workers, isHang ? { hangMs: HANG_MS } : {});
  const problems: string[] = [];
  const started = performance.now();
  try {
    let from = 0;
    for (const to of cuts) {
      await engine.train(from, to);
      from = to;
    }
    problems.push('no error');
  } catch (error) {
    const took = performance.now() - started;
    if (!(error instanceof GradloomError)) throw error;
    if (error.code !== CODES[fault.kind]) problems.push(`code ${error.code}: ${error.message.slice(0, 200)}`);
    const where = `worker ${fault.rank} step ${fault.step}`;
    if (error.where !== where) problems.push(`where ${error.where}, expected ${where}`);
    if (error.message.length > 66_000) problems.push(`a message of ${error.message.length} characters`);
    if (error.exitCode !== 81) problems.push(`exit code ${error.exitCode}`);
    if (took > (isHang ? SLOW_LIMIT_MS : LIMIT_MS)) problems.push(`took ${took.toFixed(0)} ms`);
  }
  const left = await threadsLeft();
  if (left > 0) problems.push(`${left} threads left`);
  await engine.close();
  if (problems.length === 0) return undefined;
  return `seed ${seed} (${JSON.stringify({ ...fault, workers, cuts })}): ${problems.join('; ')}`;
}
