import * as z from 'zod';
import { object, paths } from '../../parts/parts.ts';

export const npySource = object({
  type: z.literal('npy'),
  x: paths.describe('.npy file of the inputs, a row a sample, plain or .gz; several, or a glob, stand one after the other'),
  y: paths.describe('.npy file of the targets: whole numbers, one a sample, are classes for a classification loss'),
  val_x: paths.optional().describe('separate validation inputs'),
  val_y: paths.optional().describe('targets of val_x'),
  test_x: paths.optional().describe('separate test inputs'),
  test_y: paths.optional().describe('targets of test_x'),
}).describe('NumPy arrays, a file each, as numpy.save writes them');

const name = z.string().min(1);

export const npzSource = object({
  type: z.literal('npz'),
  path: paths.describe('.npz file, as numpy.savez writes it, or several, each with all arrays; relative to this file'),
  x: name.default('x').describe('name of the array of the inputs, a row a sample'),
  y: name.default('y').describe('name of the array of the targets: whole numbers, one a sample, are classes for a classification loss'),
  val_x: name.optional().describe('name of separate validation inputs'),
  val_y: name.optional().describe('targets of val_x'),
  test_x: name.optional().describe('name of separate test inputs'),
  test_y: name.optional().describe('targets of test_x'),
}).describe('NumPy arrays, several in a file');
