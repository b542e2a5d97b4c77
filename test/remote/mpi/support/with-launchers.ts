import { spawnSync } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import { LAUNCHERS, type Launcher } from './launch.ts';

/** Why there is no such launcher here. */
function missing(launcher: Launcher): string | undefined {
  const { error } = spawnSync(launcher, ['--version'], { stdio: 'ignore' });
  if (error === undefined) return undefined;
  if (process.env['CI'] !== undefined) throw new Error(`${launcher} is missing: apt-get install openmpi-bin mpich`, { cause: error });
  return `${launcher} is not installed`;
}

/** A test for each launcher, skipped where it is missing but under CI. */
export function withLaunchers(title: string, body: (t: ExecutionContext, launcher: Launcher) => Promise<void>): void {
  for (const launcher of LAUNCHERS) withLauncher(launcher, title, (t) => body(t, launcher));
}

/** @param without  what else is missing here */
export function withLauncher(launcher: Launcher, title: string, body: (t: ExecutionContext) => Promise<void>, without?: string): void {
  const reason = missing(launcher) ?? without;
  if (reason === undefined) test.serial(`${launcher}: ${title}`, body);
  else test.skip(`${launcher}: ${title} (${reason})`, body);
}
