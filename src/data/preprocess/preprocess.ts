import * as z from 'zod';
import { elements } from '../../graph/shape.ts';

const finite = z.number();
const size = z.int().min(1);

/** A column that gives one feature, and behind it, with `indicator`, another that is 1 where the value was missing. */
const numberColumn = z.strictObject({
  type: z.literal('number'),
  name: z.string(),
  /** Stands for a missing value; without it a missing value is an error. */
  fill: finite.optional(),
  indicator: z.literal(true).optional(),
});

/** A column that gives one feature a category: 1 for the row's own, else 0; and behind them the indicator, as above. */
const categoryColumn = z.strictObject({
  type: z.literal('category'),
  name: z.string(),
  categories: z.array(z.string()).min(1),
  /** What becomes of a value that is none of them. */
  unknown: z.enum(['error', 'zeros']),
  /** Stands for a missing value; without it a missing value is an error. */
  fill: z.string().optional(),
  indicator: z.literal(true).optional(),
});

const column = z.discriminatedUnion('type', [numberColumn, categoryColumn]);

/** How a raw row becomes the features of a sample, before they are normalised. */
const input = z.discriminatedUnion('kind', [
  /** Columns by name; the features stand in their order. */
  z.strictObject({
    kind: z.literal('table'),
    columns: z.array(column).min(1),
    /** Columns of the file that was trained on which give no feature: targets, weights, what was dropped. Another file may have them. */
    ignored: z.array(z.string()).optional(),
    /** How the file that was trained on was written: the first guess for another one. */
    dialect: z.strictObject({ delimiter: z.string().length(1), decimal: z.enum(['.', ',']) }).optional(),
  }),
  /** Numbers of a fixed shape, as they are. */
  z.strictObject({ kind: z.literal('array'), shape: z.array(size).min(1), stored: z.enum(['u8', 'f32']) }),
  /** Pictures, resized to [channels, height, width] bytes. */
  z.strictObject({ kind: z.literal('images'), channels: z.union([z.literal(1), z.literal(3)]), size: z.tuple([size, size]) }),
]);

/** How features become what the network takes, in f32: x / divisor (1: as they are), or (x - center[j]) / scale[j]. */
const normalization = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('divide'), divisor: z.number().positive() }),
  z.strictObject({ kind: z.literal('affine'), center: z.array(finite), scale: z.array(z.number().positive()) }),
]);

const target = z.discriminatedUnion('kind', [
  /** Class names by class number; `column` is the target's in a table. */
  z.strictObject({ kind: z.literal('class'), classes: z.array(z.string()), column: z.string().optional() }),
  /** Names of the targets. */
  z.strictObject({ kind: z.literal('value'), names: z.array(z.string()) }),
]);

/**
 * Everything between a row of a user's file and the network, and between the network's outputs and their meaning: what was fitted on the
 * training rows, and names. It is kept with a model, so that the model can be used without its data.
 */
export const preprocessSchema = z.strictObject({ version: z.literal(1), input, normalization, target });

export type Preprocess = z.output<typeof preprocessSchema>;
export type InputSpec = Preprocess['input'];
export type TableColumn = z.output<typeof column>;

/** Name of each feature, in their order; `x0`, `x1` ... where rows are bare numbers. */
export function featureNames(spec: InputSpec): string[] {
  if (spec.kind !== 'table') return Array.from({ length: featureCount(spec) }, (_, j) => `x${j}`);
  return spec.columns.flatMap((col) => {
    const own = col.type === 'number' ? [col.name] : col.categories.map((category) => `${col.name}=${category}`);
    return col.indicator === true ? [...own, `${col.name} is missing`] : own;
  });
}

/** Features of a sample. */
export function featureCount(spec: InputSpec): number {
  if (spec.kind === 'table') return spec.columns.reduce((sum, col) => sum + columnWidth(col), 0);
  return elements(sampleShape(spec));
}

/** Features of a column, its indicator among them. */
export function columnWidth(col: TableColumn): number {
  return (col.type === 'number' ? 1 : col.categories.length) + (col.indicator === true ? 1 : 0);
}

/** How the features of a sample are stored before they are normalised. */
export function storedAs(spec: InputSpec): 'u8' | 'f32' {
  if (spec.kind === 'table') return 'f32';
  return spec.kind === 'images' ? 'u8' : spec.stored;
}

/** Shape of one sample as the network sees it; pictures are [channels, height, width]. */
export function sampleShape(spec: InputSpec): readonly number[] {
  if (spec.kind === 'table') return [featureCount(spec)];
  return spec.kind === 'array' ? spec.shape : [spec.channels, ...spec.size];
}

/** Which features of a table are 0 or 1 by their making: they are not normalised. */
export function isFlag(spec: InputSpec): boolean[] {
  if (spec.kind !== 'table') return Array.from({ length: featureCount(spec) }, () => false);
  return spec.columns.flatMap((col) => {
    const own = col.type === 'number' ? [false] : col.categories.map(() => true);
    return col.indicator === true ? [...own, true] : own;
  });
}
