import { existsSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import path from 'node:path';
import { closest } from '../../config/text/closest.ts';
import { matchesGlob } from '../../data/files/glob.ts';
import { GradloomError, printable } from '../../errors.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt, statsAt } from '../../storage/folder.ts';
import { lockOwner } from '../../storage/lock.ts';
import { type LockOwner, thisProcess } from '../../storage/lock-owner.ts';
import { linkProblem } from '../files/directory.ts';
import { RUN_FILES, runFile } from '../files/names.ts';
import { shortId } from '../files/run-id.ts';
import { type ConfigValues, damagedRecord, type RunRecord, readRecord } from './record.ts';
import { StoreIndex } from './run-index.ts';

/** Where runs are if nothing else is said: the default of `track.dir`. */
export const DEFAULT_RUNS = './runs';
/** Names for the run that started last. */
const LAST = ['@last', 'last'];
const SHOWN_MATCHES = 5;

/** A run in a directory of runs. */
export interface StoredRun {
  /** Absolute. */
  directory: string;
  record: RunRecord;
  config: () => ConfigValues;
}

/**
 * All runs of a directory, the one that started last first. Their own files are the truth; an index beside them (`.index`, made when
 * missing) makes it fast: 10,000 runs in well under a second.
 *
 * @param parent  as `track.dir` names it; a missing one has no runs
 * @throws GradloomError E_STORAGE if the directory cannot be read
 */
export async function listRuns(parent: string = DEFAULT_RUNS): Promise<StoredRun[]> {
  const root = path.resolve(parent);
  const index = new StoreIndex(root);
  const runs: StoredRun[] = [];
  for (const entry of entriesIn(root)) {
    const run = runInFolder(root, entry, index);
    if (run !== undefined) runs.push(run);
  }
  await index.save(new Set(runs.map(({ record }) => record.id)));
  return runs.sort(latestFirst);
}

/** Of a directory; as Node gives it, but in words that need no types of Node. */
export interface FolderEntry {
  readonly name: string;
  isSymbolicLink(): boolean;
  isDirectory(): boolean;
}

/** The run of an entry of a directory of runs; undefined where it is none. */
export function runInFolder(root: string, entry: FolderEntry, index: StoreIndex): StoredRun | undefined {
  const directory = path.join(root, entry.name);
  return entry.isSymbolicLink() ? linkedRun(directory) : readRun(directory, index);
}

export function latestFirst({ record: a }: StoredRun, { record: b }: StoredRun): number {
  return compareText(b.started ?? '', a.started ?? '') || compareText(a.id, b.id);
}

/** The order of code units, the same in every language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** What may be runs in a directory of them; none where it is missing. @throws GradloomError E_STORAGE */
export function entriesIn(root: string): FolderEntry[] {
  try {
    return readdirSync(root, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new GradloomError({ code: 'E_STORAGE', where: printable(root), message: `cannot list the runs: ${errnoText(cause)}`, cause });
  }
}

/** The run in a directory that is no link; undefined if there is none. */
function readRun(directory: string, index?: StoreIndex): StoredRun | undefined {
  const config = statsAt(runFile(directory, 'config'));
  if (config === undefined) return undefined;
  const summary = statsAt(runFile(directory, 'summary'));
  const tags = statsAt(runFile(directory, 'tags'));
  const id = path.basename(directory);
  const signature = [config, summary, tags].map(signatureOf).join(' ');
  const known = index?.get(id, signature);
  if (known !== undefined) return withLife({ directory, record: known.record, config: known.config });
  const read = readRecord(directory);
  index?.put(id, signature, read.record, read.config);
  return withLife({ directory, record: read.record, config: () => read.config });
}

/** A link to a run is listed, but neither read nor written through. */
function linkedRun(directory: string): StoredRun | undefined {
  if (!existsSync(runFile(directory, 'config'))) return undefined;
  return { directory, record: damagedRecord(directory, linkProblem(directory)), config: () => ({}) };
}

/** A run that is not finished may be at work now: its lock tells. */
function withLife(run: StoredRun): StoredRun {
  if (run.record.status === 'finished') return run;
  self ??= thisProcess();
  try {
    return lockOwner(run.directory, self) === undefined ? run : { ...run, record: { ...run.record, status: 'running' } };
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return withProblem(run, `lock: ${error.message}`);
  }
}

let self: LockOwner | undefined;

/** A run of which something more turned out to be damaged. */
export function withProblem(run: StoredRun, problem: string): StoredRun {
  const { record } = run;
  const before = record.status === 'damaged' && record.problem !== null ? `${record.problem}; ` : '';
  return { ...run, record: { ...record, status: 'damaged', problem: before + problem } };
}

/** Changes with every new content: files of runs are replaced, never changed in place. */
function signatureOf(stats: Stats | undefined): string {
  return stats === undefined ? '-' : `${stats.mtimeMs}/${stats.size}/${stats.ino}`;
}

/**
 * Finds runs as people name them: by path, id, short id (see `shortId`) or the random digits at its end, the start of an id that no other
 * has, or `@last` (also `last`) for the one that started last.
 *
 * @param parent  where to look for ids
 * @throws GradloomError E_RUN_NOT_FOUND naming what is close, or the candidates
 */
export async function findRuns(words: readonly string[], parent: string = DEFAULT_RUNS): Promise<StoredRun[]> {
  let all: readonly StoredRun[] | undefined;
  const found: StoredRun[] = [];
  for (const word of words) {
    const direct = runAtPath(word) ?? (isPath(word) ? undefined : runAtPath(path.join(parent, word)));
    const several = direct === undefined ? [word, path.join(parent, word)].find(hasRuns) : undefined;
    if (several !== undefined) throw notOne(several);
    if (direct === undefined && isPath(word))
      throw notFound(word, existsSync(word) ? `no run there: ${RUN_FILES.config} is missing` : 'no such directory');
    if (direct !== undefined) {
      found.push(direct);
      continue;
    }
    all ??= await listRuns(parent);
    found.push(...(/[*?]/.test(word) ? matchingGlob(word, all, parent) : [matching(word, all, parent)]));
  }
  return found;
}

/** @throws GradloomError as `findRuns` */
export async function findRun(word: string, parent: string = DEFAULT_RUNS): Promise<StoredRun> {
  const [run, ...more] = await findRuns([word], parent);
  if (run === undefined || more.length > 0) throw notFound(word, `${more.length + 1} runs are called so; expected one`);
  return run;
}

/** Whether a directory is that of a sweep or a cross-validation, which has runs and is none. */
function hasRuns(directory: string): boolean {
  return directory !== '' && !directory.includes('\0') && existsSync(path.join(directory, 'sweep.yaml'));
}

function notOne(directory: string): GradloomError {
  const runs = entriesIn(path.join(directory, 'trials')).filter((entry) => entry.isDirectory());
  const first = runs.map(({ name }) => name).toSorted()[0] ?? '0';
  const message = `a sweep or cross-validation of ${runs.length} runs, and no run itself`;
  const one = printable(path.join(directory, 'trials', first));
  return notFound(directory, message, `name one of its runs, as ${one}; gradloom sweep report makes a page of all`);
}

/** What to say of a word that names no run, but a cross-validation among the runs, as lists show it. */
function severalFor(word: string, parent: string): GradloomError | undefined {
  const named = entriesIn(parent)
    .map(({ name }) => name)
    .filter((name) => LAST.includes(word) || shortId(name) === word || name.startsWith(word) || name.endsWith(`-${word}`))
    .find((name) => hasRuns(path.join(parent, name)));
  return named === undefined ? undefined : notOne(path.join(parent, named));
}

function matchingGlob(word: string, runs: readonly StoredRun[], parent: string): StoredRun[] {
  const matches = runs.filter(({ record }) => matchesGlob(word, record.id) || matchesGlob(word, record.name));
  if (matches.length === 0) throw notFound(word, `no such runs in ${printable(parent)}`);
  return matches;
}

function isPath(word: string): boolean {
  return word.includes('/') || word.includes(path.sep) || word === '.' || word === '..';
}

function runAtPath(word: string): StoredRun | undefined {
  if (word === '' || word.includes('\0')) return undefined;
  const directory = path.resolve(word);
  if (kindAt(directory) === 'link') return linkedRun(directory);
  return kindAt(runFile(directory, 'config')) === undefined ? undefined : readRun(realpathSync(directory));
}

function matching(word: string, runs: readonly StoredRun[], parent: string): StoredRun {
  const where = `in ${printable(parent)}`;
  const [latest] = runs;
  if (latest === undefined) throw severalFor(word, parent) ?? notFound(word, `no runs ${where}`);
  if (LAST.includes(word)) return latest;
  const exact = runs.filter(({ record }) => shortId(record.id) === word || record.id.endsWith(`-${word}`));
  const matches = exact.length > 0 ? exact : runs.filter(({ record }) => record.id.startsWith(word));
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  if (match === undefined) {
    const several = severalFor(word, parent);
    if (several !== undefined) throw several;
    const near =
      closest(
        word,
        runs.map(({ record }) => record.id),
      ) ??
      closest(
        word,
        runs.map(({ record }) => record.name),
      );
    throw notFound(word, `no such run ${where}${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  const ids = matches.slice(0, SHOWN_MATCHES).map(({ record }) => record.id);
  const more = matches.length > ids.length ? ', ...' : '';
  throw notFound(
    word,
    `${matches.length} runs are called so: ${ids.join(', ')}${more}`,
    'give more of the id, or @last for the latest run of all',
  );
}

function notFound(word: string, message: string, next = 'gradloom runs ls'): GradloomError {
  return new GradloomError({ code: 'E_RUN_NOT_FOUND', where: printable(word), message: printable(message, 1000), next });
}
