import path from 'node:path';
import { packageVersion } from '../../machine/version.ts';
import { outcomeOf } from '../model.ts';
import { checkTensors, modelFile } from '../safetensors.ts';
import type { Exporter } from '../target.ts';
import { checkPredictions, predictionsOf, trialOf } from '../verify.ts';
import { programText } from './program.ts';
import { runTorch } from './python.ts';

/** A Python file and the safetensors that it loads; checked by running it where there is a Python with PyTorch. */
export const torch: Exporter = (model, { output, raw }) => {
  const weights = output.replace(/\.py$/i, '.safetensors');
  const bytes = modelFile(model);
  const program = programText(model, { weights: path.basename(weights), raw, version: packageVersion() });
  return {
    files: [
      { path: weights, bytes },
      { path: output, bytes: program },
    ],
    check: async (trial = trialOf(model, raw)) => {
      checkTensors(model, bytes, weights);
      const { rows, count } = trial;
      const outputs = await runTorch({ program, weights: { name: path.basename(weights), bytes }, rows, count }, output);
      if (typeof outputs === 'string') return outputs;
      return checkPredictions(trial, output, predictionsOf(outcomeOf(model), outputs, count));
    },
  };
};
