import { matchesGlob } from '../../data/files/glob.ts';
import { selectRuns } from '../../runs/store/select.ts';
import type { StoredRun } from '../../runs/store/store.ts';

/** A comma, or the word and between spaces: what stands between the parts of a query. */
const BETWEEN = /,|\s+and\s+/i;
const CONDITION = /[<>=!]/;

/**
 * Runs for which every part of a text holds: conditions as `gradloom runs ls --where` takes them (`optimizer.lr<0.01`, `min val.loss<=0.3`,
 * `tags=good`, `status=running`), and words that stand in a run's id, name, status or tags (with `*` and `?`: that match its id or name).
 *
 * @throws GradloomError E_USAGE for a condition that cannot be understood
 */
export function searchRuns(runs: readonly StoredRun[], text: string): readonly StoredRun[] {
  const parts = text
    .split(BETWEEN)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) return runs;
  const words = parts.filter((part) => !CONDITION.test(part)).map((word) => word.toLowerCase());
  const found = words.length === 0 ? runs : runs.filter((run) => words.every((word) => hasWord(run, word)));
  const where = parts.filter((part) => CONDITION.test(part));
  return where.length === 0 || found.length === 0 ? found : selectRuns(found, { where });
}

function hasWord({ record }: StoredRun, word: string): boolean {
  const names = [record.id, record.name].map((name) => name.toLowerCase());
  if (/[*?]/.test(word)) return names.some((name) => matchesGlob(word, name));
  return [...names, record.status, ...record.tags].some((text) => text.toLowerCase().includes(word));
}
