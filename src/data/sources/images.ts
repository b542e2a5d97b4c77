import type { SourceConfig } from '../../config/schema/schema.ts';
import { printable } from '../../errors.ts';
import { listClasses, type PictureFolder } from '../images/folder.ts';
import { readPictures } from '../images/read.ts';
import type { Samples } from '../samples.ts';
import { allocateShared } from '../shared.ts';
import type { DataSource } from './source.ts';

type ImagesConfig = Extract<SourceConfig, { type: 'images' }>;

/**
 * Pictures in folders, one a class: those of `path`, class by class and in a class by name, then those of `val_path`, then of `test_path`.
 * What is decoded once is kept in the user's cache directory.
 *
 * @throws GradloomError E_DATA_* naming the folder or file
 */
async function loadImages({ path, val_path, test_path, size, channels }: ImagesConfig): Promise<Samples> {
  const where = printable(path);
  const main = listClasses(path);
  const { classes } = main;
  const val = val_path === undefined ? undefined : listClasses(val_path, classes);
  const test = test_path === undefined ? undefined : listClasses(test_path, classes);
  const files = [main, val, test].flatMap((folder: PictureFolder | undefined) => folder?.files ?? []);
  const read = await readPictures(
    files.map((file) => file.path),
    { channels, size },
    where,
  );
  const labels = new Int32Array(allocateShared(files.length * 4, where));
  files.forEach(({ label }, i) => {
    labels[i] = label;
  });
  const sampleShape = [channels, ...read.size];
  return {
    sampleCount: files.length,
    target: { kind: 'class', labels, classes: classes.length },
    targetNames: classes,
    ownValCount: val?.files.length ?? 0,
    ownTestCount: test?.files.length ?? 0,
    placeOf: (sample) => printable(files[sample]?.path ?? where),
    origin: `pictures ${where}${test_path === undefined ? '' : ` and ${printable(test_path)}`}`,
    featuresFor: () => ({
      features: read.features,
      featureCount: channels * read.size[0] * read.size[1],
      sampleShape,
      input: { kind: 'images', channels, size: [...read.size] },
      scaling: 'unit',
    }),
  };
}

export const images: DataSource<ImagesConfig> = { load: loadImages };
