import type { SourceConfig } from '../../config/schema/schema.ts';
import { GradloomError, printable } from '../../errors.ts';
import type { Samples } from '../samples.ts';
import { allocateShared } from '../shared.ts';
import { numbered, ofArray } from './array.ts';
import { type IdxHeader, readIdxElements, readIdxHeader } from './idx-file.ts';
import type { DataSource } from './source.ts';

type IdxConfig = Extract<SourceConfig, { type: 'idx' }>;

/** Images and labels of one set, their headers checked against each other. */
interface Pair {
  images: IdxHeader;
  labels: IdxHeader;
  count: number;
}

/**
 * The samples of IDX files: images with their labels, and after them the test images with theirs, if the experiment names some.
 * Every header is checked before anything is allocated, and each element is stored once.
 *
 * @throws GradloomError of the files (see `readIdxHeader`); E_DATA_MISMATCH if counts or shapes disagree; E_CONFIG_MISSING if only one
 *   of test_images and test_labels is given
 */
async function loadIdx(config: IdxConfig): Promise<Samples> {
  const pairs = [await readPair(config.images, config.labels)];
  const { test_images: testImages, test_labels: testLabels } = config;
  if (testImages !== undefined && testLabels !== undefined) pairs.push(await readPair(testImages, testLabels));
  else if (testImages !== undefined || testLabels !== undefined) throw missing(testImages === undefined ? 'test_images' : 'test_labels');

  const [main, test] = pairs as [Pair, Pair | undefined];
  const sampleShape = shapeOf(main);
  if (test !== undefined && shapeOf(test).join() !== sampleShape.join()) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: printable(test.images.path),
      message: `test images are ${shapeOf(test).join(' x ')}, images ${sampleShape.join(' x ')}`,
    });
  }
  const featureCount = sampleShape.reduce((product, size) => product * size, 1);
  const sampleCount = pairs.reduce((sum, pair) => sum + pair.count, 0);
  const features = new Uint8Array(allocateShared(sampleCount * featureCount, printable(config.images)));
  const labels = new Int32Array(allocateShared(sampleCount * 4, printable(config.labels)));
  let row = 0;
  let classes = 0;
  for (const pair of pairs) {
    await readIdxElements(pair.images, features.subarray(row * featureCount, (row + pair.count) * featureCount));
    const bytes = new Uint8Array(pair.count);
    await readIdxElements(pair.labels, bytes);
    labels.set(bytes, row);
    for (const label of bytes) classes = Math.max(classes, label + 1);
    row += pair.count;
  }
  return {
    sampleCount,
    target: { kind: 'class', labels, classes },
    targetNames: numbered(classes),
    ownTestCount: test?.count ?? 0,
    origin: `IDX ${printable(config.images)}${testImages === undefined ? '' : ` and ${printable(testImages)}`}`,
    featuresFor: () => ofArray(features, sampleShape, 'unit'),
  };
}

export const idx: DataSource<IdxConfig> = { load: loadIdx };

async function readPair(imagesPath: string, labelsPath: string): Promise<Pair> {
  const images = await readIdxHeader(imagesPath, 'images');
  const labels = await readIdxHeader(labelsPath, 'labels');
  const count = images.shape[0] as number;
  if (labels.elements !== count) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: printable(labelsPath),
      message: `${labels.elements} labels, but ${printable(imagesPath)} holds ${count} images`,
      next: 'name the images and labels of the same set',
    });
  }
  return { images, labels, count };
}

/** Of one sample; a file with one dimension has one number a sample. */
function shapeOf({ images }: Pair): readonly number[] {
  return images.shape.length === 1 ? [1] : images.shape.slice(1);
}

function missing(key: string): GradloomError {
  return new GradloomError({
    code: 'E_CONFIG_MISSING',
    where: `data.source.${key}`,
    message: 'test_images and test_labels go together; this one is missing',
  });
}
