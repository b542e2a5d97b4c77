import { existsSync } from 'node:fs';
import path from 'node:path';
import { formatOf } from '../../data/files/formats.ts';
import { isDirectory } from '../../data/files/paths.ts';
import { type ArrayProfile, profileArrays } from '../../data/profile/arrays.ts';
import { profilePictures } from '../../data/profile/pictures.ts';
import { profileTable, type TableProfile } from '../../data/profile/table.ts';
import { GradloomError, printable } from '../../errors.ts';

/** What an experiment can be drafted from. */
export type FoundData = FoundTable | FoundArrays | FoundPictures;

export interface FoundTable {
  kind: 'csv' | 'parquet';
  path: string;
  profile: TableProfile;
}

export interface FoundArrays {
  kind: 'npy' | 'npz' | 'idx';
  path: string;
  x: ArrayProfile;
  y: ArrayProfile;
  /** The file of the labels; of an archive the names of its arrays. */
  labels: string;
  xName?: string;
}

export interface FoundPictures {
  kind: 'images';
  path: string;
  rows: number;
  classes: readonly { name: string; count: number }[];
  /** The most frequent one, and whether all have it. */
  size: { height: number; width: number; isOnly: boolean };
  isGrey: boolean;
}

/** What files and arrays of labels are called, where those of the inputs have the other name. */
const PARTNERS: readonly (readonly [inputs: RegExp, labels: string])[] = [
  [/images?-idx\d/i, 'labels-idx1'],
  [/\bimages?\b/i, 'labels'],
  [/\bdata\b/i, 'labels'],
  [/\bfeatures\b/i, 'labels'],
  [/\binputs?\b/i, 'targets'],
  [/(?<![a-z])x(?![a-z])/i, 'y'],
];

/**
 * Looks through data as `gradloom data` does.
 *
 * @param labels  file of the labels, or in an archive the name of their array; without it one is looked for by its name
 * @throws GradloomError E_USAGE where none is found, and those of the formats
 */
export async function findData(file: string, labels?: string): Promise<FoundData> {
  if (isDirectory(file)) return picturesIn(file);
  const type = (await formatOf(file))?.type;
  if (type === 'npy' || type === 'npz' || type === 'idx') return arraysIn(file, type, labels);
  const profile = await profileTable(file, 0);
  if (profile.rows === 0) throw noRows(file);
  return { kind: type === 'parquet' ? 'parquet' : 'csv', path: file, profile };
}

function picturesIn(folder: string): FoundPictures {
  const { rows, classes, sizes, channels } = profilePictures(folder, 0).profile;
  const [most] = sizes;
  const size = { height: most?.height ?? 1, width: most?.width ?? 1, isOnly: sizes.length === 1 };
  return { kind: 'images', path: folder, rows, classes, size, isGrey: channels.rgb === 0 };
}

async function arraysIn(file: string, kind: FoundArrays['kind'], labels: string | undefined): Promise<FoundArrays> {
  if (kind === 'npz') {
    const { arrays } = await profileArrays(file, kind, 0);
    const names = arrays.map(({ name = '' }) => name);
    const pair = names
      .flatMap((name) => partnersOf(name).map((other) => [name, other] as const))
      .find(([, other]) => names.includes(other));
    const y = arrays.find(({ name }) => name === (labels ?? pair?.[1]));
    const x = arrays.find(({ name, rows }) => name === (labels === undefined ? pair?.[0] : name) && name !== y?.name && rows === y?.rows);
    if (x?.name === undefined || y?.name === undefined) throw noLabels(file, `one of ${names.map((name) => printable(name)).join(', ')}`);
    return { kind, path: file, x, y, labels: y.name, xName: x.name };
  }
  const { dir, base } = path.parse(file);
  const beside = partnersOf(base)
    .map((name) => path.join(dir, name))
    .find((other) => other !== file && existsSync(other));
  const found = labels ?? beside;
  if (found === undefined) throw noLabels(file, 'a file');
  const [x] = (await profileArrays(file, kind, 0)).arrays;
  const [y] = (await profileArrays(found, kind, 0)).arrays;
  if (x === undefined || y === undefined) throw noLabels(file, 'a file');
  return { kind, path: file, x, y, labels: found };
}

/** What the labels of a file or an array may be called. */
function partnersOf(name: string): string[] {
  return PARTNERS.filter(([inputs]) => inputs.test(name)).map(([inputs, labels]) => name.replace(inputs, labels));
}

function noLabels(file: string, expected: string): GradloomError {
  return new GradloomError({
    code: 'E_USAGE',
    where: printable(file, 500),
    message: 'it has inputs only; where are the labels?',
    next: `name them: --labels, ${expected}`,
  });
}

function noRows(file: string): GradloomError {
  return new GradloomError({
    code: 'E_DATA_EMPTY',
    where: printable(file, 500),
    message: 'has names of columns and no rows',
    next: 'name a file with a row for each sample',
  });
}
