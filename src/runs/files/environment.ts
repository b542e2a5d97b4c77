import { execFile } from 'node:child_process';
import os from 'node:os';
import { promisify } from 'node:util';
import { KERNEL_VERSION } from '../../kernels/module.ts';
import type { CodeName } from '../../kernels/native/support.ts';
import type { Cores } from '../../machine/cores.ts';
import { packageVersion } from '../../machine/version.ts';

/** env.json: everything about the machine and the programs, which must not matter to the result. */
export async function describeEnvironment(cores: Cores, workers: number, code: CodeName): Promise<Record<string, unknown>> {
  return {
    gradloom: packageVersion(),
    kernels: KERNEL_VERSION,
    node: process.version,
    v8: process.versions.v8,
    platform: process.platform,
    arch: process.arch,
    os_release: os.release(),
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    memory_bytes: os.totalmem(),
    cores,
    workers,
    code,
    git_commit: await gitCommit(),
    started_at: new Date().toISOString(),
  };
}

/** Asked once: git takes longer than a short trial of a sweep. */
let commit: Promise<string | null> | undefined;

/** The commit that env.json names. To ask before anything else leaves git the time to answer. */
export function gitCommit(): Promise<string | null> {
  commit ??= askGit();
  return commit;
}

/** The commit checked out in the working directory; null outside a repository or without git. */
async function askGit(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { timeout: 2000 });
    return stdout.trim();
  } catch {
    // No repository here, or no git: the run has no commit to name.
    return null;
  }
}
