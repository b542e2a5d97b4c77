import { Rank, type RankResult } from '../src/engine/rank.ts';
import type { ThreadTask } from '../src/engine/threads.ts';
import { bindKernels } from '../src/kernels/kernels.ts';

/** The rank that this thread is, from `begin` to `end`; threads outlive runs. */
let rank: Rank | undefined;

/** What piscina runs: one task of one rank, from the first step of a segment to its last. */
export default function runTask(task: ThreadTask): RankResult {
  if (task.kind === 'end') {
    rank = undefined;
    return { status: 'done', stepsDone: 0 };
  }
  if (task.kind === 'begin') {
    rank = new Rank(task.rank, task.setup, bindKernels(task.setup.module, task.setup.memory));
    return rank.run({ kind: 'ready', rank: task.rank });
  }
  if (rank === undefined) throw new RangeError(`a task of kind ${task.kind} before its run began`);
  return rank.run(task);
}
