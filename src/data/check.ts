import type { LossConfig } from '../config/schema/schema.ts';
import { GradloomError } from '../errors.ts';
import type { Dataset } from './dataset.ts';

/**
 * Refuses NaN and infinities.
 *
 * @param values  [N, width], row-major
 * @param what    names a column in the message: `feature` or `target`
 * @throws GradloomError E_DATA_NONFINITE with row and column (from 0) of the first one
 */
export function checkFinite(values: Float32Array, width: number, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new GradloomError({
        code: 'E_DATA_NONFINITE',
        where: `row ${Math.floor(i / width)}, ${what} ${i % width}`,
        message: `${values[i]}; expected a finite number`,
        next: 'remove or fill such values: training would turn every weight into NaN',
      });
    }
  }
}

/**
 * Checks that the targets are what the loss of a model with that many outputs can use, before any kernel sees one.
 *
 * softmax_cross_entropy: class labels below `outputs`. sigmoid_cross_entropy, mse: class labels become one-hot rows, so `outputs` is the
 * number of classes (sigmoid with one output: two classes, the label is the target); numeric targets are as wide as the outputs, and
 * in [0, 1] for sigmoid.
 *
 * @throws GradloomError E_LABEL_RANGE with the row of a label out of range, E_DATA_MISMATCH if the kinds or widths do not fit
 */
export function checkTargets({ target }: Pick<Dataset, 'target'>, outputs: number, loss: LossConfig['type']): void {
  if (target.kind === 'class') checkLabels(target.labels, target.classes, outputs, loss);
  else checkValues(target.values, target.width, outputs, loss);
}

function checkLabels(labels: Int32Array, classes: number, outputs: number, loss: LossConfig['type']): void {
  const isBinary = loss === 'sigmoid_cross_entropy' && outputs === 1;
  const limit = isBinary ? 2 : outputs;
  const row = labels.findIndex((label) => label < 0 || label >= limit);
  if (row >= 0) {
    throw new GradloomError({
      code: 'E_LABEL_RANGE',
      where: `row ${row}`,
      message: `label ${labels[row]}; ${loss} with ${outputs} ${outputs === 1 ? 'output' : 'outputs'} expects 0 to ${limit - 1}`,
      next: `give the last layer units: ${classes}`,
    });
  }
  if (loss !== 'softmax_cross_entropy' && !isBinary && classes !== outputs) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: 'model.layers',
      message: `${loss} needs one output a class; the model has ${outputs}, the data ${classes} classes`,
      next: `give the last layer units: ${classes}`,
    });
  }
}

function checkValues(values: Float32Array, width: number, outputs: number, loss: LossConfig['type']): void {
  if (loss === 'softmax_cross_entropy') {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: 'loss.type',
      message: 'softmax_cross_entropy needs class labels, and this source has numeric targets',
      next: 'set loss: mse',
    });
  }
  if (width !== outputs) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: 'model.layers',
      message: `the model has ${outputs} outputs, the data ${width} targets a sample`,
      next: `give the last layer units: ${width}`,
    });
  }
  const bad = loss === 'sigmoid_cross_entropy' ? values.findIndex((value) => value < 0 || value > 1) : -1;
  if (bad >= 0) {
    throw new GradloomError({
      code: 'E_LABEL_RANGE',
      where: `row ${Math.floor(bad / width)}, target ${bad % width}`,
      message: `${values[bad]}; sigmoid_cross_entropy expects 0 to 1`,
      next: 'set loss: mse',
    });
  }
}
