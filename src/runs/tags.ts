import path from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { writeFileAtomic } from '../storage/atomic.ts';
import { TAGS_FILE } from './record.ts';
import type { StoredRun } from './store.ts';

/** As the experiment's schema has it for `tags`. */
const MAX_TAGS = 100;
const MAX_LETTERS = 100;

/**
 * Changes the tags of a run. They stand in tags.json from then on: config.yaml stays what the run was started with.
 *
 * @param changes  `+tag` or `tag` adds, `~tag` or `-tag` removes; the later counts
 * @returns the tags as they are now
 * @throws GradloomError E_USAGE for a tag that cannot be one, or is not there to be removed; E_STORAGE
 */
export async function changeTags(run: StoredRun, changes: readonly string[]): Promise<readonly string[]> {
  let tags = [...run.record.tags];
  for (const change of changes) {
    const tag = change.replace(/^[-+~]/, '');
    if (tag === '' || tag.length > MAX_LETTERS) throw usage(change, `not a tag; expected 1 to ${MAX_LETTERS} letters after + or -`);
    const isThere = tags.includes(tag);
    if (/^[-~]/.test(change)) {
      if (!isThere) throw usage(change, `${run.record.id} has no such tag; it has ${tags.length === 0 ? 'none' : tags.join(', ')}`);
      tags = tags.filter((other) => other !== tag);
    } else if (!isThere) tags.push(tag);
  }
  if (tags.length > MAX_TAGS) throw usage(changes.at(-1) ?? '', `more than ${MAX_TAGS} tags`);
  await writeFileAtomic(path.join(run.directory, TAGS_FILE), `${JSON.stringify(tags)}\n`);
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
