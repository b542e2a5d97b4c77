import * as z from 'zod';
import { paths } from '../../parts/parts.ts';

const name = z.string().min(1);
const names = z.array(name).min(1);

/** Keys that say what the columns of a table are for, whatever the format of the file. */
export const tableKeys = {
  path: paths.describe('the file, a list of files or a pattern with * and ?; relative to this file'),
  val_path: paths.optional().describe('a separate validation set with the same columns'),
  test_path: paths.optional().describe('a separate test set with the same columns'),
  target: z
    .union([name, names])
    .describe('the column to be predicted: classes, or numbers with a regression loss; a list of columns for several numbers'),
  features: names.optional().describe('columns to predict from, in this order; without it all that have no other use'),
  drop: names.optional().describe('columns that are not used'),
  categorical: names
    .optional()
    .describe('columns of words: a feature a category, 1 for its own and else 0; categories are those of the training rows'),
  unknown_category: z
    .enum(['error', 'zeros'])
    .default('error')
    .describe('a category that no training row has: an error, or 0 in all its features'),
  missing: z
    .union([z.enum(['error', 'mean', 'median']), z.number()])
    .default('error')
    .describe(
      "missing values (empty, NA, N/A, NaN, null, ?): an error, or replaced by the column's mean or median of the training rows or by a number; in a categorical column mean and median both stand for the most frequent category",
    ),
  missing_indicator: z
    .boolean()
    .default(false)
    .describe('a further feature for each column with missing values in the training rows: 1 where the value is missing'),
  weights: name.optional().describe("column of sample weights: they multiply a sample's loss and its share of the mean"),
};
