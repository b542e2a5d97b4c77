import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import { isTemporary } from '../storage/atomic.ts';
import { errnoText } from '../storage/errno.ts';
import { cacheDirectory, PICTURES, PICTURES_ENTRY } from './cache.ts';

/** What an entry saves: see `cache ls`. */
export type CacheKind = 'pictures' | 'mnist' | 'native' | 'compiled' | 'temporary';

export interface CacheEntry {
  kind: CacheKind;
  path: string;
  bytes: number;
}

/** Folder below the cache directory, names in it that are ours, and what they are; whatever else is there is not touched. */
const PLACES: readonly [folder: string, name: RegExp, kind: CacheKind][] = [
  [PICTURES, PICTURES_ENTRY, 'pictures'],
  ['', /^mnist-[\w-]+\.bin$/, 'mnist'],
  ['', /^native-[\w-]+\.txt$/, 'native'],
  ['compiled', /^v\d+\.\d+\.\d+-/, 'compiled'],
];

/**
 * All that gradloom keeps in its cache directory, in the order of the kinds; nothing where there is none.
 *
 * @throws GradloomError E_STORAGE if it cannot be looked at
 */
export function listCache(): CacheEntry[] {
  const root = cacheDirectory();
  const found = PLACES.flatMap(([folder, isOurs, kind]) => entriesIn(join(root, folder), (name) => isOurs.test(name), kind));
  const left = ['', PICTURES].flatMap((folder) => entriesIn(join(root, folder), isTemporary, 'temporary'));
  return [...found, ...left];
}

function entriesIn(directory: string, isOurs: (name: string) => boolean, kind: CacheKind): CacheEntry[] {
  const names = namesIn(directory).filter(isOurs).toSorted();
  return names.map((name) => ({ kind, path: join(directory, name), bytes: bytesOf(join(directory, name)) }));
}

/**
 * Removes entries; one that another process has removed meanwhile is as good as removed.
 *
 * @throws GradloomError E_STORAGE naming what cannot be removed
 */
export function removeFromCache(entries: readonly CacheEntry[]): void {
  for (const { path } of entries) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (cause) {
      throw storageFault(path, 'cannot be removed', cause);
    }
  }
}

/** Names in a folder; none where it is missing, or no folder. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw storageFault(directory, 'cannot be read', cause);
  }
}

/** Of a folder, all that is in it; links are not followed. */
function bytesOf(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  return stats.isDirectory() ? namesIn(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0) : stats.size;
}

function storageFault(path: string, what: string, cause: unknown): GradloomError {
  return new GradloomError({
    code: 'E_STORAGE',
    where: printable(path),
    message: `${what}: ${errnoText(cause)}`,
    next: 'check its permissions, or set GRADLOOM_CACHE_DIR to another directory',
    cause,
  });
}
