import * as z from 'zod';
import { object, paths } from '../../parts/parts.ts';

export const idxSource = object({
  type: z.literal('idx'),
  images: paths.describe('IDX file of any type with 1 to 4 dimensions, plain or .gz, or several; relative to this file'),
  labels: paths.describe('IDX file of labels, one a sample; for a regression loss of targets, one or a row a sample'),
  test_images: paths.optional().describe('separate test images'),
  test_labels: paths.optional().describe('labels of test_images'),
}).describe('IDX files, the format of the original MNIST distribution');
