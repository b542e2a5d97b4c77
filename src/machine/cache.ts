import { homedir } from 'node:os';
import { join } from 'node:path';
import { GradloomError } from '../errors.ts';

/** Folder of decoded pictures in the cache directory. */
export const PICTURES = 'pictures';
/** A file in it, `<key>-<height>x<width>-<sha256 of the content>.u8`: what it must hold stands in its name. */
export const PICTURES_ENTRY = /^([0-9a-f]{64})-(\d{1,8})x(\d{1,8})-([0-9a-f]{64})\.u8$/;

/**
 * Where gradloom keeps what it can make again: `GRADLOOM_CACHE_DIR`, or `gradloom` in the cache directory that the platform names
 * (XDG_CACHE_HOME or ~/.cache; ~/Library/Caches on macOS; LOCALAPPDATA on Windows). It may not exist.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const own = environment['GRADLOOM_CACHE_DIR'];
  if (own) return own;
  if (platform === 'win32') return join(environment['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local'), 'gradloom', 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'gradloom');
  // The XDG specification: a relative path is invalid and ignored.
  const xdg = environment['XDG_CACHE_HOME'];
  return join(xdg?.startsWith('/') ? xdg : join(homedir(), '.cache'), 'gradloom');
}

/** A cache that cannot be read or written is as good as an empty one: it costs what it would have saved, and nothing else. */
export async function ifStorageWorks<T>(use: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof GradloomError || (error instanceof Error && 'syscall' in error)) return undefined;
    throw error;
  }
}
