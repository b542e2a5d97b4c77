import * as z from 'zod';
import { object, path, positiveInteger } from '../../parts/parts.ts';

const side = positiveInteger.max(4096);

export const imagesSource = object({
  type: z.literal('images'),
  path: path.describe('folder with a folder for each class, named as the class, full of PNG and JPEG files; relative to this file'),
  val_path: path.optional().describe('separate validation pictures, in folders of the same names'),
  test_path: path.optional().describe('separate test pictures, in folders of the same names'),
  size: z
    .tuple([side, side])
    .optional()
    .describe('[height, width] that pictures are resized to, by the mean under a triangle; without it all must have one size'),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('1: grey, (299 red + 587 green + 114 blue) / 1000; 3: red, green, blue'),
}).describe('pictures in folders, one a class; what is transparent is laid over white');
