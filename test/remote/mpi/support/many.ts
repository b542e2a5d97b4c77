import { experimentFromObject } from '../../../../src/config/load.ts';
import { Threads } from '../../../../src/engine/coordinator/threads.ts';
import { GradloomError } from '../../../../src/errors.ts';
import { withTeam } from '../../../../src/remote/mpi/with-team.ts';
import { train } from '../../../../src/runs/training/train.ts';

/** What `launch` hands over: experiments to be trained one after the other by the same ranks, which takes less time than to start them anew. */
export interface Work {
  tree: Record<string, unknown>;
  workers: number;
  /** Directory of the run, of rank 0. */
  directory: string;
}

const work = JSON.parse(process.argv[2] ?? '[]') as Work[];
const [, , , entry] = process.argv;
await withTeam(async (team) => {
  if (team === undefined) throw new Error('to be started by a launcher of MPI');
  const threads = new Threads(entry === undefined ? undefined : new URL(entry));
  for (const { tree, workers, directory } of work) {
    const { experiment } = experimentFromObject({ ...tree, parallel: { ...(tree['parallel'] as object | undefined), workers } });
    try {
      await train({ experiment }, { directory, engine: { team, threads } }).result;
    } catch (error) {
      // Known to all members: they go on with the next one.
      if (!(error instanceof GradloomError) || team.phase !== 'over') throw error;
      if (team.member === 0) process.stderr.write(`${error.code} ${error.where}: ${error.message}\n`);
      process.exitCode = error.exitCode;
    }
  }
  await threads.close();
});
