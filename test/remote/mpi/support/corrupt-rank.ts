import type { ThreadTask } from '../../../../src/engine/coordinator/threads.ts';
import type { RankResult, RankSetup } from '../../../../src/engine/rank/rank.ts';
import { launched } from '../../../../src/remote/mpi/launched.ts';
import runTask from '../../../../workers/rank.ts';

/** The step before which the memory of rank 1 turns a bit over. */
export const CORRUPT_STEP = 150;
const PARAMETER = 5;

let setup: RankSetup | undefined;

/** The threads of a machine with bad memory. */
export default function runCorruptTask(task: ThreadTask): RankResult {
  if (task.kind === 'begin') ({ setup } = task);
  if (task.kind === 'train' && setup !== undefined && launched(process.env)?.rank === 1) {
    if (task.fromStep <= CORRUPT_STEP && CORRUPT_STEP < task.toStep) {
      const [word] = [new Int32Array(setup.memory.buffer, setup.plan.memory.parameters.at, PARAMETER + 1)];
      word[PARAMETER] = (word[PARAMETER] as number) ^ 1;
    }
  }
  return runTask(task);
}
