import type { SourceConfig } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import { openIdx } from '../arrays/idx.ts';
import { type ArraySet, arraySamples } from '../arrays/samples.ts';
import { filesOf } from '../files/paths.ts';
import type { Reading, Samples } from '../samples.ts';
import { named } from './files.ts';
import type { DataSource } from './source.ts';

type IdxConfig = Extract<SourceConfig, { type: 'idx' }>;
type Key = Exclude<keyof IdxConfig, 'type'>;

/**
 * The samples of IDX files: images with their labels, and after them the test images with theirs, if the experiment names some.
 *
 * @throws GradloomError of the files (see `openIdx`, `arraySamples`); E_CONFIG_MISSING if only one of test_images and test_labels is given
 */
async function loadIdx(config: IdxConfig, { problem }: Reading): Promise<Samples> {
  const set = async (images: Key, labels: Key): Promise<ArraySet | undefined> => {
    const [x, y] = [config[images], config[labels]];
    if (x === undefined && y === undefined) return undefined;
    if (x === undefined || y === undefined) throw missing(x === undefined ? images : labels);
    const xFiles = filesOf(x, `data.source.${images}`);
    const yFiles = filesOf(y, `data.source.${labels}`);
    const opened: ArraySet = { x: await Promise.all(xFiles.map((file) => openIdx(file, 'images'))), y: [] };
    return { ...opened, y: await Promise.all(yFiles.map((file) => openIdx(file, 'labels'))) };
  };
  const main = (await set('images', 'labels')) as ArraySet;
  const test = await set('test_images', 'test_labels');
  const origin = `IDX ${named(config.images)}${config.test_images === undefined ? '' : ` and ${named(config.test_images)}`}`;
  return arraySamples({ main, test }, { problem, numbers: 'label', words: { x: 'images', y: 'labels' }, origin });
}

export const idx: DataSource<IdxConfig> = { load: loadIdx };

function missing(key: Key): GradloomError {
  return new GradloomError({
    code: 'E_CONFIG_MISSING',
    where: `data.source.${key}`,
    message: 'test_images and test_labels go together; this one is missing',
  });
}
