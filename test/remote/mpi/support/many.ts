import { experimentFromObject } from '../../../../src/config/load.ts';
import { Threads } from '../../../../src/engine/coordinator/threads.ts';
import { launched } from '../../../../src/remote/mpi/launched.ts';
import { MpiTeam } from '../../../../src/remote/mpi/team.ts';
import { train } from '../../../../src/runs/training/train.ts';

/** What `launch` hands over: experiments to be trained one after the other by the same ranks, which takes less time than to start them anew. */
export interface Work {
  tree: Record<string, unknown>;
  workers: number;
  /** Directory of the run, of rank 0. */
  directory: string;
}

const work = JSON.parse(process.argv[2] ?? '[]') as Work[];
const start = launched(process.env);
if (start === undefined) throw new Error('to be started by a launcher of MPI');
const team = await MpiTeam.join(start);
const threads = new Threads();
for (const { tree, workers, directory } of work) {
  const { experiment } = experimentFromObject({ ...tree, parallel: { ...(tree['parallel'] as object | undefined), workers } });
  await train({ experiment }, { directory, engine: { team, threads } }).result;
}
await threads.close();
team.leave();
