import { createHash } from 'node:crypto';
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, ifStorageWorks, PICTURES, PICTURES_ENTRY } from '../../machine/cache.ts';
import { writeFileAtomic } from '../../storage/atomic.ts';
import { visitOwnFile } from '../../storage/read.ts';

/** Of what the decoders and the resizing give: a change of their bits makes what is kept void. */
export const DECODER_VERSION = 1;

/** What all kept pictures together may take; the ones that were not used for the longest time go first. */
const LIMIT_BYTES = 2 ** 31;
const PIECE_BYTES = 2 ** 22;

export interface CachedPictures {
  size: readonly [height: number, width: number];
  /** u8 [N, channels, height, width]. */
  features: Uint8Array<SharedArrayBuffer>;
}

/**
 * The features that were kept under a key, checked against the sum in their name; undefined if there are none, or storage fails.
 *
 * @param key       sha256 over all that decides them
 * @param allocate  gives the memory for them, and may throw
 */
export async function findDecoded(
  key: string,
  count: number,
  wanted: { channels: number },
  allocate: (bytes: number) => Uint8Array<SharedArrayBuffer>,
): Promise<CachedPictures | undefined> {
  const directory = join(cacheDirectory(), PICTURES);
  const name = await ifStorageWorks(() => readdirSync(directory).find((entry) => entry.startsWith(key)));
  const [, , height, width, sum] = name?.match(PICTURES_ENTRY) ?? [];
  if (name === undefined || sum === undefined) return undefined;
  const size = [Number(height), Number(width)] as const;
  const bytes = count * wanted.channels * size[0] * size[1];
  const file = join(directory, name);
  if ((await ifStorageWorks(() => statSync(file).size)) !== bytes) return undefined;
  const features = allocate(bytes);
  const hash = createHash('sha256');
  let filled = 0;
  await ifStorageWorks(() =>
    visitOwnFile(file, bytes, PIECE_BYTES, (piece) => {
      features.set(piece, filled);
      filled += piece.length;
      hash.update(piece);
    }),
  );
  if (filled !== bytes || hash.digest('hex') !== sum) return undefined;
  // It was used now: others go before it.
  await ifStorageWorks(() => utimesSync(file, new Date(), new Date()));
  return { size, features };
}

/** Keeps features under a key, if storage works, and removes what has become too much. */
export async function keepDecoded(key: string, { size, features }: CachedPictures, limitBytes = LIMIT_BYTES): Promise<void> {
  if (features.length > limitBytes) return;
  const directory = join(cacheDirectory(), PICTURES);
  const sum = createHash('sha256').update(features).digest('hex');
  await ifStorageWorks(async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(directory, `${key}-${size[0]}x${size[1]}-${sum}.u8`), features);
    removeOldest(directory, limitBytes);
  });
}

/** Another process may remove the same files: one that is gone is as good as removed. */
function removeOldest(directory: string, limitBytes: number): void {
  const entries = readdirSync(directory)
    .filter((name) => PICTURES_ENTRY.test(name))
    .flatMap((name) => {
      const stats = statSync(join(directory, name), { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ name, bytes: stats.size, used: stats.mtimeMs }];
    })
    .sort((a, b) => b.used - a.used);
  let total = 0;
  for (const { name, bytes } of entries) {
    total += bytes;
    if (total > limitBytes) rmSync(join(directory, name), { force: true });
  }
}
