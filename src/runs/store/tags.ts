import { setTimeout as sleep } from 'node:timers/promises';
import { GradloomError, printable } from '../../errors.ts';
import { writeFileAtomic } from '../../storage/atomic.ts';
import { DirectoryLock } from '../../storage/lock.ts';
import { requireRun } from '../files/directory.ts';
import { MAX_TAG_LETTERS, MAX_TAGS, readTags } from '../files/file-shapes.ts';
import { runFile } from '../files/names.ts';
import type { StoredRun } from './store.ts';

/** Others hold the lock of the tags for some milliseconds. */
const WAIT_MS = 10_000;
const LOOK_AGAIN_MS = 10;

/**
 * Changes the tags of a run. They stand in tags.json from then on: config.yaml stays what the run was started with. They have a lock of
 * their own, so that a run at work can be tagged, and of several processes that tag a run none undoes what another has done.
 *
 * @param changes  `+tag` or `tag` adds, `~tag` or `-tag` removes; the later counts
 * @returns the tags as they are now
 * @throws GradloomError E_USAGE for a tag that cannot be one, or is not there to be removed; E_RUN_FILE for a damaged tags.json;
 *   E_RUN_READ for a run that is a link; E_BUSY, E_STORAGE
 */
export async function changeTags(run: StoredRun, changes: readonly string[]): Promise<readonly string[]> {
  return changeTold(run, 'tags', () => changed(readTags(run.directory) ?? firstTags(run), changes, run.record.id));
}

/**
 * Writes what people say of a run, tags or notes, under the one lock that both have.
 *
 * @param change  what it is from now on; with the lock, so that what stands there is the latest
 * @throws GradloomError E_RUN_READ for a run that is a link; E_BUSY, E_STORAGE
 */
export async function changeTold<T>(run: StoredRun, file: 'tags' | 'notes', change: () => T): Promise<T> {
  requireRun(run.directory);
  const lock = await lockTags(run.directory);
  try {
    const told = change();
    await writeFileAtomic(runFile(run.directory, file), `${JSON.stringify(told)}\n`, undefined, lock);
    return told;
  } finally {
    lock.release();
  }
}

async function lockTags(directory: string): Promise<DirectoryLock> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    try {
      return DirectoryLock.acquire(directory, undefined, 'tags');
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code !== 'E_BUSY' || performance.now() > end) throw error;
    }
    await sleep(LOOK_AGAIN_MS * (1 + Math.random()));
  }
}

/** Those of config.yaml. */
function firstTags(run: StoredRun): string[] {
  const config = run.config();
  const tags: string[] = [];
  for (let tag = config['tags.0']; typeof tag === 'string'; tag = config[`tags.${tags.length}`]) tags.push(tag);
  return tags;
}

function changed(before: readonly string[], changes: readonly string[], id: string): string[] {
  let tags = [...before];
  for (const change of changes) {
    const tag = change.replace(/^[-+~]/, '');
    if (tag === '' || tag.length > MAX_TAG_LETTERS) throw usage(change, `not a tag; expected 1 to ${MAX_TAG_LETTERS} letters after + or -`);
    const isThere = tags.includes(tag);
    if (/^[-~]/.test(change)) {
      if (!isThere) throw usage(change, `${id} has no such tag; it has ${tags.length === 0 ? 'none' : tags.join(', ')}`);
      tags = tags.filter((other) => other !== tag);
    } else if (!isThere) tags.push(tag);
  }
  if (tags.length > MAX_TAGS) throw usage(changes.at(-1) ?? '', `more than ${MAX_TAGS} tags`);
  return tags;
}

function usage(change: string, message: string): GradloomError {
  // As it was typed: the command line hands -tag over as ~tag.
  const where = change.replace(/^~/, '-');
  return new GradloomError({
    code: 'E_USAGE',
    where: printable(where),
    message: printable(message, 1000),
    next: 'gradloom runs tag --help',
  });
}
