import type { ThreadTask } from '../../../../src/engine/coordinator/threads.ts';
import type { RankResult, RankSetup } from '../../../../src/engine/rank/rank.ts';
import { launched } from '../../../../src/remote/mpi/launched.ts';
import runTask from '../../../../workers/rank.ts';

/** What befalls rank 1 before the segment that has the step: JSON in `track.notes` of the experiment. */
export interface Disturbance {
  /** corrupt: its memory turns a bit over. throw: a fault of the program. */
  kind: 'corrupt' | 'throw' | 'SIGKILL';
  step: number;
}

const PARAMETER = 5;

let setup: RankSetup | undefined;

/** The threads of a machine that does not work as it should. */
export default function runDisturbedTask(task: ThreadTask): RankResult {
  if (task.kind === 'begin') ({ setup } = task);
  if (task.kind === 'train' && setup !== undefined && launched(process.env)?.rank === 1) {
    const { kind, step } = JSON.parse(setup.plan.experiment.track.notes) as Disturbance;
    if (task.fromStep <= step && step < task.toStep) strike(kind, setup);
  }
  return runTask(task);
}

function strike(kind: Disturbance['kind'], { memory, plan }: RankSetup): void {
  if (kind === 'corrupt') {
    const word = new Int32Array(memory.buffer, plan.memory.parameters.at, PARAMETER + 1);
    word[PARAMETER] = (word[PARAMETER] as number) ^ 1;
  } else if (kind === 'throw') throw new Error('a fault of one rank');
  else process.kill(process.pid, kind);
}
