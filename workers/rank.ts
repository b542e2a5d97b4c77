import type { ThreadTask } from '../src/engine/coordinator/threads.ts';
import { Rank, type RankResult } from '../src/engine/rank/rank.ts';
import { bindKernels } from '../src/kernels/bind.ts';
import { openLink } from '../src/remote/mpi/link.ts';

/** The rank that this thread is, from `begin` to `end`; threads outlive runs. */
let rank: Rank | undefined;

/** What piscina runs: one task of one rank, from the first step of a segment to its last. */
export default function runTask(task: ThreadTask): RankResult {
  if (task.kind === 'end') {
    rank = undefined;
    return { status: 'done', stepsDone: 0 };
  }
  if (task.kind === 'begin') {
    const { setup } = task;
    const link = task.rank === 0 && setup.link !== undefined ? openLink(setup.link) : undefined;
    rank = new Rank(task.rank, setup, bindKernels(setup.module, setup.memory), link);
    return rank.run({ kind: 'ready', rank: task.rank });
  }
  if (rank === undefined) throw new RangeError(`a task of kind ${task.kind} before its run began`);
  return rank.run(task);
}
