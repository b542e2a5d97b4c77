import type { ThreadTask } from '../../../src/engine/coordinator/threads.ts';
import type { RankResult } from '../../../src/engine/rank/rank.ts';
import runRank from '../../../workers/rank.js';

/** How a trial with this learning rate fails, in its second epoch. */
export const POISON = { throws: 0.011, exits: 0.012 } as const;

let lr: number | undefined;
let secondEpoch = 0;

/** The real rank, but for the learning rates above. */
export default function runTask(task: ThreadTask): RankResult {
  if (task.kind === 'begin') {
    lr = task.setup.plan.experiment.optimizer.lr;
    secondEpoch = task.setup.plan.batches.stepsPerEpoch;
  }
  if (task.kind === 'train' && task.fromStep >= secondEpoch) {
    if (lr === POISON.throws) throw new Error('poisoned');
    if (lr === POISON.exits) process.exit(7);
  }
  return runRank(task);
}
