import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { EXIT, GradloomError, printable } from '../../errors.ts';
import { AFTER_LOSS } from '../../runs/team/agree.ts';

/** A machine and how many ranks it gets. */
export interface Host {
  name: string;
  ranks: number;
}

/** The launchers that are looked for, the neutral name first: it is that of the one that the system prefers. */
const PROGRAMS = ['mpirun', 'mpiexec', 'mpirun.openmpi', 'mpirun.mpich'] as const;
const NAME = /^\w[\w.-]*$/;
/**
 * What asks the ranks to save and end. To SIGTERM Open MPI answers with an abort of its own, which leaves them a second; SIGUSR2 it hands on.
 */
const ASKING = { 'Open MPI': 'SIGUSR2', MPICH: 'SIGTERM' } as const;
/** Of the environment, what all ranks get. */
const PASSED = /^(?:GRADLOOM_\w+|NO_COLOR)$/;

/** What ssh and launchers say where a machine is not to be had, or has no MPI: no rank has begun. */
const UNREACHED =
  /^ssh: |^Host key verification failed|Permission denied \(|unable to reliably start one or more daemons|orted: (?:command )?not found|plm_rsh_agent/;

/** @throws GradloomError E_USAGE */
export function parseHosts(text: string): Host[] {
  return text.split(',').map((part) => {
    const [name = '', ranks = '1', ...rest] = part.split(':');
    if (!NAME.test(name) || !/^[1-9]\d{0,3}$/.test(ranks) || rest.length > 0) {
      const message = `--hosts: expected NAME or NAME:RANKS, separated by commas; got ${printable(part) || 'nothing'}`;
      throw new GradloomError({ code: 'E_USAGE', message, next: 'one rank a machine, its threads inside: --hosts a:1,b:1' });
    }
    return { name, ranks: Number(ranks) };
  });
}

/** A launcher that is installed. */
export interface InstalledLauncher {
  program: string;
  library: 'Open MPI' | 'MPICH';
}

/** @throws GradloomError E_MPI where none is installed */
export function findLauncher(programs: readonly string[] = PROGRAMS): InstalledLauncher {
  for (const program of programs) {
    const { stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    if (error !== undefined) continue;
    if (/Open MPI|OpenRTE/.test(stdout)) return { program, library: 'Open MPI' };
    if (/HYDRA|MPICH|Intel\(R\) MPI/.test(stdout)) return { program, library: 'MPICH' };
  }
  const message = `no launcher of MPI is installed; looked for ${programs.join(', ')}`;
  throw new GradloomError({ code: 'E_MPI', where: '--hosts', message, next: 'install Open MPI or MPICH (Debian: openmpi-bin or mpich)' });
}

/**
 * The command that starts the ranks, with the flags that training needs: without binding, or each rank would have one core for all of its
 * threads.
 *
 * @param command  what each rank runs
 */
export function launchCommand(
  { program, library }: InstalledLauncher,
  hosts: readonly Host[],
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
  isRoot: boolean,
): string[] {
  const list = hosts.map(({ name, ranks }) => `${name}:${ranks}`).join(',');
  const count = String(hosts.reduce((sum, { ranks }) => sum + ranks, 0));
  if (library === 'MPICH') return [program, '-hosts', list, '-np', count, '-bind-to', 'none', ...command];
  const passed = Object.keys(environment)
    .filter((name) => PASSED.test(name))
    .flatMap((name) => ['-x', name]);
  const isShared = hosts.some(({ ranks }) => ranks > 1);
  const places = ['--host', list, '-np', count, '--bind-to', 'none'];
  return [
    program,
    ...(isRoot ? ['--allow-run-as-root'] : []),
    ...places,
    // Ranks of one machine leave each other the cores while they wait.
    ...(isShared ? ['--mca', 'mpi_yield_when_idle', '1'] : []),
    ...passed,
    ...command,
  ];
}

/**
 * Runs such a command to its end; signals to this process are handed on to the ranks.
 *
 * @param say  gets what launcher and ranks write to stderr, line by line
 * @returns the exit code
 * @throws GradloomError E_RANK where a rank ended without one, E_MPI where the launcher did not start or did not reach a machine
 */
export async function runLauncher(
  [program = '', ...args]: readonly string[],
  library: InstalledLauncher['library'],
  say: (line: string) => void,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  // A group of its own: a terminal's Ctrl-C would reach the launcher twice, which then would not wait.
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe'], detached: true, env: environment });
  let dead: string | undefined;
  let unreached: string | undefined;
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => {
    say(line);
    dead ??= deadRank(line);
    if (UNREACHED.test(line)) unreached ??= line;
  });
  let signal: NodeJS.Signals | undefined;
  const pass = (name: NodeJS.Signals): void => {
    child.kill(signal === undefined ? ASKING[library] : 'SIGTERM');
    signal ??= name;
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, pass);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    // To the ranks every signal is a SIGTERM.
    if (signal !== undefined && code !== 0 && (code === EXIT.terminated || !isOwn(code))) return 128 + constants.signals[signal];
    if (code === 0 || isOwn(code)) return code;
    if (unreached !== undefined) {
      const next = 'ssh NAME true has to work for each of them without a password; MPI, Node and gradloom stand at the same paths there';
      throw new GradloomError({ code: 'E_MPI', where: '--hosts', message: `a machine was not reached: ${printable(unreached)}`, next });
    }
    throw new GradloomError({
      code: 'E_RANK',
      where: dead ?? 'a rank',
      message: `ended without a word; the launcher's exit code is ${code ?? 'none'}`,
      next: AFTER_LOSS,
    });
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    throw new GradloomError({ code: 'E_MPI', where: printable(program), message: `cannot be started: ${String(cause)}`, cause });
  } finally {
    for (const name of signals) process.off(name, pass);
  }
}

/** An exit code that gradloom has. */
function isOwn(code: number | null): code is number {
  return Object.values(EXIT).some((own) => own === code);
}

/** The process that a launcher says has ended. */
function deadRank(line: string): string | undefined {
  // Open MPI: ... noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).
  const [, rank, host] = /process rank (\d+) with PID \d+ on node (\S+) exited/.exec(line) ?? [];
  if (rank !== undefined) return `rank ${rank} on ${printable(host ?? '')}`;
  // Hydra: =   PID 30396 RUNNING AT vm
  const [, pid, place] = /PID (\d+) RUNNING AT (\S+)/.exec(line) ?? [];
  return pid === undefined ? undefined : `process ${pid} on ${printable(place ?? '')}`;
}
