import { setTimeout as sleep } from 'node:timers/promises';
import type { Team } from '../../engine/team/team.ts';
import { GradloomError } from '../../errors.ts';
import { launched } from '../../remote/mpi/launched.ts';
import { ofMember, tellFailure } from '../../runs/team/agree.ts';
import { shellWord } from '../../storage/shell.ts';
import { MAIN } from '../terminal/launcher.ts';
import type { Output } from '../terminal/output.ts';

/** How long a rank that must not speak leaves rank 0 to say what has befallen them all. */
const MUTE_MS = 3000;

/**
 * Does the work of a command as one of the ranks that a launcher of MPI has started, or by itself. Rank 0 alone prints and has an exit code
 * to tell; whatever ends the work ends it for all of them.
 */
export async function inTeam(output: Output, work: (team: Team | undefined) => Promise<number>): Promise<number> {
  const start = launched(process.env);
  if (start === undefined) return work(undefined);
  if (start.rank > 0) output.mute();
  // Of the signals that Open MPI hands on to its ranks, the one that Node leaves alone: see `runLauncher`.
  process.on('SIGUSR2', () => process.kill(process.pid, 'SIGTERM'));
  const { MpiTeam } = await import('../../remote/mpi/team.ts');
  const team = await MpiTeam.join(start).catch(async (error: unknown) => {
    // The launcher ends all when the first of them ends, and the others cannot be asked.
    if (start.rank > 0) await sleep(MUTE_MS);
    throw error;
  });
  let isAlone = false;
  output.atEnd = async (exitCode) => {
    // The others wait for this one at a point to which it does not come any more.
    if (isAlone) team.abort(exitCode);
    // Whoever ends first with an exit code of its own ends the others: none may before rank 0 has written everything.
    await team.gather(new Uint8Array());
    team.leave();
    return team.member === 0 ? exitCode : 0;
  };
  try {
    return await work(team);
  } catch (error) {
    if (!(error instanceof GradloomError)) {
      isAlone = true;
      output.unmute();
      throw error;
    }
    if (team.phase === 'begin') await tellFailure(team, error);
    if (team.phase === 'over') throw error;
    isAlone = true;
    output.unmute();
    throw ofMember(team, error);
  }
}

/** Starts a command as ranks on other machines, by a launcher of MPI. @returns its exit code */
export async function trainOn(hosts: string, args: readonly string[], output: Output): Promise<number> {
  const { findLauncher, launchCommand, parseHosts, runLauncher } = await import('../../remote/mpi/hosts.ts');
  const flags = [...(output.json ? ['--json'] : []), ...(output.quiet ? ['--quiet'] : [])];
  const command = [process.execPath, MAIN, ...args, ...flags];
  const launcher = findLauncher();
  // To the ranks the launcher's pipe may look like a terminal.
  const environment = process.stdout.isTTY ? process.env : { NO_COLOR: '1', ...process.env };
  const whole = launchCommand(launcher, parseHosts(hosts), command, environment, process.getuid?.() === 0);
  output.note(whole.map((word) => (word.startsWith('-') ? word : shellWord(word))).join(' '));
  return runLauncher(whole, launcher.library, (line) => output.draw(`${line}\n`, 0), environment);
}
