import { GradloomError, printable } from '../../errors.ts';
import { MAX_NOTES_LETTERS, readNotes } from '../files/file-shapes.ts';
import type { StoredRun } from './store.ts';
import { changeTold } from './tags.ts';

/**
 * What somebody has written of a run: after it began, or else in its config.
 *
 * @throws GradloomError E_RUN_FILE for a damaged notes.json; E_STORAGE
 */
export function notesOf(run: Pick<StoredRun, 'directory' | 'config'>): string {
  return readNotes(run.directory) ?? String(run.config()['track.notes'] ?? '');
}

/**
 * Writes the notes of a run anew. They stand in notes.json from then on, as its tags do in tags.json, and have the same lock.
 *
 * @param before  what they are taken for: somebody else's change is not lost
 * @throws GradloomError E_BUSY if they are not that any more; E_USAGE for a text that is too long; E_RUN_FILE for a damaged notes.json; E_RUN_READ
 *   for a run that is a link; E_STORAGE
 */
export async function changeNotes(run: StoredRun, notes: string, before: string): Promise<string> {
  const where = printable(run.record.id);
  return changeTold(run, 'notes', () => {
    if (notes.length > MAX_NOTES_LETTERS)
      throw new GradloomError({
        code: 'E_USAGE',
        where,
        message: `notes of ${notes.length} letters; expected at most ${MAX_NOTES_LETTERS}`,
      });
    if (notesOf(run) === before) return notes;
    const next = 'load them again, and change those';
    throw new GradloomError({ code: 'E_BUSY', where, message: 'somebody has changed the notes meanwhile', next });
  });
}
