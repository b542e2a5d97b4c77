import path from 'node:path';
import { halfToNumber } from '../../data/arrays/elements.ts';
import { GradloomError, printable } from '../../errors.ts';
import { packageVersion } from '../../machine/version.ts';
import { foldBatchNorms } from '../fold.ts';
import { type ExportModel, outcomeOf } from '../model.ts';
import type { Exporter } from '../target.ts';
import { checkPredictions, trialOf } from '../verify.ts';
import { BEYOND_HALF, halfBits } from './half.ts';
import { moduleText } from './module.ts';

/** What a module gives for a row. */
interface RowResult {
  label?: number;
  probabilities?: number[];
  y?: number[];
}

/** One ES module; checked by importing its text and calling `predict`. */
export const js: Exporter = (given, { output, raw, batchNorm, dtype }) => {
  const folded = batchNorm === 'keep' ? given : foldBatchNorms(given);
  const model = dtype === 'f16' ? halved(folded, output) : folded;
  const text = moduleText(model, { dtype, raw, file: importedAs(output), version: packageVersion() });
  return {
    files: [{ path: output, bytes: text }],
    check: async (ofGiven = trialOf(given, raw)) => {
      // Of f16 weights the module is compared with the network that has them: rounding is no fault of the module.
      const trial = dtype === 'f16' ? trialOf(model, raw) : ofGiven;
      const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
      const { predict } = (await import(url)) as { predict: (rows: ArrayLike<number>[]) => RowResult[] };
      const { rows, count } = trial;
      const features = rows.length / count;
      const results = predict(Array.from({ length: count }, (_, r) => rows.subarray(r * features, (r + 1) * features)));
      const values = results.flatMap((result) => result.y ?? result.probabilities ?? []);
      const labels = outcomeOf(model).classes && results.map(({ label }) => label ?? -1);
      return checkPredictions(trial, output, { values, labels });
    },
  };
};

/** The name by which the module's own example imports it; a pipe or a device has none. */
function importedAs(output: string): string {
  const name = path.basename(output);
  return /\.m?js$/.test(name) ? name : 'model.js';
}

/** The model with every weight rounded to f16. @throws GradloomError E_EXPORT for a weight beyond it */
function halved(model: ExportModel, output: string): ExportModel {
  const tensors = new Map<string, Float32Array>();
  for (const [name, values] of model.tensors) {
    const large = values.find((value) => Math.abs(value) >= BEYOND_HALF);
    if (large !== undefined) {
      throw new GradloomError({
        code: 'E_EXPORT',
        where: printable(output),
        message: `${name} holds ${large}; f16 ends at 65504`,
        next: 'export it with --dtype f32',
      });
    }
    tensors.set(
      name,
      values.map((value) => halfToNumber(halfBits(value))),
    );
  }
  return { ...model, tensors };
}
