import type { Team } from '../../engine/team/team.ts';
import { GradloomError } from '../../errors.ts';
import { ofMember, tellFailure } from '../../runs/team/agree.ts';
import { launched } from './launched.ts';
import { MpiTeam } from './team.ts';

/**
 * Does work as one of the ranks that a launcher of MPI has started (`mpirun -np 2 --bind-to none node program.js`), or by itself where there
 * was none. Every rank calls it once, with the same work; member 0 alone writes files. An error that all know of is thrown in all of them. One of
 * this rank alone, while the others are at work, is thrown here with the rank's name; the others wait for it, so this
 * process has to end, which ends them.
 *
 * @example
 * await withTeam(async (team) => {
 *   const run = train(loadExperiment('configs/mnist.yaml'), { engine: { team } });
 *   const summary = await run.result;
 *   if (team === undefined || team.member === 0) console.log(summary.digest);
 * });
 * @throws GradloomError E_MPI where the launcher's library is missing or is another one
 */
export async function withTeam<T>(work: (team: Team | undefined) => Promise<T>): Promise<T> {
  const start = launched(process.env);
  if (start === undefined) return work(undefined);
  const team = await MpiTeam.join(start);
  let isAlone = false;
  try {
    return await work(team);
  } catch (error) {
    if (error instanceof GradloomError && team.phase === 'begin') await tellFailure(team, error);
    if (team.phase === 'over') throw error;
    isAlone = true;
    // A process that ends without having left takes the others with it: launchers see to that.
    throw error instanceof GradloomError ? ofMember(team, error) : error;
  } finally {
    // Whoever ends first with an exit code of its own ends the others.
    if (!isAlone) {
      await team.gather(new Uint8Array());
      team.leave();
    }
  }
}
