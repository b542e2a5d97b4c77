import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Finished, listenTo } from '../../../cli/support/child.ts';

export const MAIN = fileURLToPath(new URL('../../../../src/cli/main.js', import.meta.url));

/** The two implementations, by the names that Debian gives their launchers where both are installed. */
export const LAUNCHERS = ['mpirun.openmpi', 'mpirun.mpich'] as const;
export type Launcher = (typeof LAUNCHERS)[number];

/** A test that fails must not leave processes behind. */
const MAX_MS = 100_000;
/** Ranks that share two cores: none waits by spinning. As root, Open MPI wants to be told twice. */
const SETTINGS: Readonly<Record<Launcher, { args: readonly string[]; env: Readonly<Record<string, string>> }>> = {
  'mpirun.openmpi': {
    args: ['--bind-to', 'none', '--oversubscribe', '--mca', 'mpi_yield_when_idle', '1'],
    env: { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
  },
  'mpirun.mpich': { args: [], env: {} },
};

export interface Ended extends Finished {
  seconds: number;
}

export interface Under {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves when stderr holds the text. */
  says: (text: string) => Promise<void>;
}

export interface LaunchOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** In place of the usual ones of the launcher. */
  flags?: readonly string[];
  /** What each rank runs. @default the command line */
  program?: readonly string[];
}

/** Starts so many ranks of the built command line. */
export function launch(launcher: Launcher, ranks: number, args: readonly string[], options: LaunchOptions = {}): Under {
  const { cwd = tmpdir(), env = {}, flags, program = [MAIN] } = options;
  const settings = SETTINGS[launcher];
  const started = performance.now();
  const child = spawn(launcher, ['-np', String(ranks), ...(flags ?? settings.args), process.execPath, ...program, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...settings.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MAX_MS,
    killSignal: 'SIGKILL',
  });
  const { ended, says } = listenTo(child);
  return { child, ended: ended.then((end) => ({ ...end, seconds: (performance.now() - started) / 1000 })), says };
}
