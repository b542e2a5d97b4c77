import * as z from 'zod';
import { object, path } from '../../parts/parts.ts';

export const idxSource = object({
  type: z.literal('idx'),
  images: path.describe('IDX file of uint8 with 1 to 4 dimensions, plain or .gz; relative to this file'),
  labels: path.describe('IDX file of uint8 labels, one dimension'),
  test_images: path.optional().describe('separate test images'),
  test_labels: path.optional().describe('labels of test_images'),
}).describe('IDX files, the format of the original MNIST distribution');
