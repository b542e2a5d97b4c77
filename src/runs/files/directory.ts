import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { type Fence, syncDirectory } from '../../storage/atomic.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt } from '../../storage/folder.ts';
import { targetOf } from '../../storage/read.ts';
import { RUN_FILES, runFile } from './names.ts';
import { newRunId } from './run-id.ts';

/** A run's own directory. */
export interface RunDirectory {
  /** Its name: a `newRunId`, unless it was chosen. */
  id: string;
  path: string;
}

/**
 * Makes the directory of a new run, readable by its owner only, so that a power loss does not undo it.
 *
 * @throws GradloomError E_STORAGE
 */
export function createRunDirectory(parent: string, name: string, now = new Date()): Promise<RunDirectory> {
  return makeRunDirectory(path.resolve(parent, newRunId(name, now)));
}

/**
 * `createRunDirectory` for a path that was chosen.
 *
 * @param outer  the right to write where it is made, asked before
 * @throws GradloomError E_STORAGE, also where it exists; that of the fence
 */
export async function makeRunDirectory(directory: string, outer?: Fence): Promise<RunDirectory> {
  outer?.check();
  try {
    const changed = makeParents(path.dirname(directory));
    mkdirSync(directory, { mode: 0o700 });
    for (const place of [path.dirname(directory), ...changed]) await syncDirectory(place);
  } catch (cause) {
    const next = 'choose another place with track.dir=DIR';
    throw new GradloomError({
      code: 'E_STORAGE',
      where: printable(directory),
      message: `cannot make the run directory: ${errnoText(cause)}`,
      next,
      cause,
    });
  }
  return { id: path.basename(directory), path: directory };
}

/**
 * One by one: mkdir's `recursive` never returns below a directory that refuses with ENOENT, as /proc does (seen on Node 20.20.2).
 *
 * @returns the directories in which one was made
 */
function makeParents(directory: string): string[] {
  if (existsSync(directory)) return [];
  const changed = makeParents(path.dirname(directory));
  try {
    mkdirSync(directory);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(directory)) throw error;
  }
  return [path.dirname(directory), ...changed];
}

/**
 * Checks that a directory holds a run, and is no link: what is done to a run must not happen in another place than the one that was named.
 *
 * @throws GradloomError E_RUN_READ
 */
export function requireRun(directory: string): void {
  const kind = kindAt(directory);
  const config = kind === 'directory' ? kindAt(runFile(directory, 'config')) : undefined;
  if (config === 'file') return;
  throw new GradloomError({ code: 'E_RUN_READ', where: printable(directory), ...whyNoRun(directory, kind, config) });
}

type Kind = ReturnType<typeof kindAt>;

function whyNoRun(directory: string, kind: Kind, config: Kind): { message: string; next: string } {
  if (kind === 'link') return { message: linkProblem(directory), next: 'name the run itself' };
  if (config !== undefined) return { message: `its ${RUN_FILES.config} is no regular file`, next: 'restore it from a copy' };
  const message = kind === 'directory' ? `not a run: it has no ${RUN_FILES.config} and ${RUN_FILES.environment}` : 'no such directory';
  return { message, next: 'name the directory of a run, as runs/<id>' };
}

/** What is wrong with a run that is only a link to one. */
export function linkProblem(directory: string): string {
  return `a symbolic link${targetOf(directory)}, which is not followed`;
}
