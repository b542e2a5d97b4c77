import type { SourceConfig } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import { openNpy } from '../arrays/npy.ts';
import { openNpz } from '../arrays/npz.ts';
import { type ArraySet, arraySamples } from '../arrays/samples.ts';
import type { StoredArray } from '../arrays/stored.ts';
import { filesOf } from '../files/paths.ts';
import type { Reading, Samples } from '../samples.ts';
import { named } from './files.ts';
import type { DataSource } from './source.ts';

type NpyConfig = Extract<SourceConfig, { type: 'npy' }>;
type NpzConfig = Extract<SourceConfig, { type: 'npz' }>;
type Key = 'x' | 'y' | 'val_x' | 'val_y' | 'test_x' | 'test_y';

/** A file an array. */
async function loadNpy(config: NpyConfig, reading: Reading): Promise<Samples> {
  const open = (key: Key): Promise<StoredArray[]> => Promise.all(filesOf(config[key] ?? [], `data.source.${key}`).map(openNpy));
  return load(config, open, `NumPy ${named(config.x)}`, reading);
}

/** Several arrays in a file; of several files each has all. */
async function loadNpz(config: NpzConfig, reading: Reading): Promise<Samples> {
  const files = filesOf(config.path, 'data.source.path');
  const open = (key: Key): Promise<StoredArray[]> => Promise.all(files.map((file) => openNpz(file, config[key] ?? key)));
  return load(config, open, `NumPy ${named(config.path)}`, reading);
}

export const npy: DataSource<NpyConfig> = { load: loadNpy };
export const npz: DataSource<NpzConfig> = { load: loadNpz };

/**
 * @param open  the arrays that a key names
 * @throws GradloomError of the files (see `openNpy`, `openNpz`, `arraySamples`); E_CONFIG_MISSING if an x stands without its y
 */
async function load(
  config: NpyConfig | NpzConfig,
  open: (key: Key) => Promise<StoredArray[]>,
  origin: string,
  { problem }: Reading,
): Promise<Samples> {
  const set = async (x: Key, y: Key): Promise<ArraySet | undefined> => {
    if (config[x] === undefined && config[y] === undefined) return undefined;
    if (config[x] === undefined || config[y] === undefined) throw missing(config[x] === undefined ? x : y, config[x] === undefined ? y : x);
    return { x: await open(x), y: await open(y) };
  };
  const main = (await set('x', 'y')) as ArraySet;
  const val = await set('val_x', 'val_y');
  const test = await set('test_x', 'test_y');
  return arraySamples({ main, val, test }, { problem, numbers: 'rank', words: { x: 'rows', y: 'targets' }, origin });
}

function missing(key: Key, other: Key): GradloomError {
  return new GradloomError({
    code: 'E_CONFIG_MISSING',
    where: `data.source.${key}`,
    message: `missing; ${other} needs it`,
  });
}
