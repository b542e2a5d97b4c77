import { workerData } from 'node:worker_threads';
import { Rank, type RankResult, type RankSetup, type RankTask } from '../src/engine/rank.ts';
import { bindEngine } from '../src/kernels/engines.ts';

const setup = workerData as RankSetup;
const kernels = bindEngine(setup, setup.memory);
/** piscina hands tasks to any free thread, so a thread may serve another rank in the next segment. */
const ranks = new Map<number, Rank>();

/** What piscina runs: one task of one rank, from the first step of a segment to its last. */
export default function runTask(task: RankTask): RankResult {
  let rank = ranks.get(task.rank);
  if (rank === undefined) {
    rank = new Rank(task.rank, setup, kernels);
    ranks.set(task.rank, rank);
  }
  return rank.run(task);
}
