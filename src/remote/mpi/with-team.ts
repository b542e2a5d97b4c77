import type { Team } from '../../engine/team/team.ts';
import { EXIT, GradloomError } from '../../errors.ts';
import { memberName, tellFailure } from '../../runs/team/agree.ts';
import { launched } from './launched.ts';
import { MpiTeam } from './team.ts';

/**
 * Does work as one of the ranks that a launcher of MPI has started (`mpirun -np 2 --bind-to none node program.js`), or by itself where there
 * was none. Every rank calls it once, with the same work; member 0 alone writes files. A rank that fails while the others are at work says so
 * on stderr and ends the processes of all with its exit code, for they would wait for it; else the error is thrown in all of them.
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
  try {
    return await work(team);
  } catch (error) {
    if (error instanceof GradloomError && team.phase === 'begin') await tellFailure(team, error);
    else if (team.phase !== 'over') abort(team, error);
    throw error;
  } finally {
    // Whoever ends first with an exit code of its own ends the others.
    await team.gather(new Uint8Array());
    team.leave();
  }
}

/** Does not return. */
function abort(team: MpiTeam, error: unknown): void {
  const isKnown = error instanceof GradloomError;
  const text = isKnown ? `${error.where === undefined ? '' : `${error.where}: `}${error.code} ${error.message}` : String(error);
  process.stderr.write(`${memberName(team, team.member)}: ${text}\n`);
  team.abort(isKnown ? error.exitCode : EXIT.internal);
}
