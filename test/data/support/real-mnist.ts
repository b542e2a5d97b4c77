import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where the four original MNIST files are: `GRADLOOM_TEST_MNIST`, or shared/data/mnist beside the repository; undefined if not there. */
export function realMnist(): string | undefined {
  const directory = process.env['GRADLOOM_TEST_MNIST'] ?? join(import.meta.dirname, '../../../../../shared/data/mnist');
  return existsSync(join(directory, 'train-images-idx3-ubyte.gz')) ? directory : undefined;
}
