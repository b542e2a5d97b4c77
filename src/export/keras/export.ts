import path from 'node:path';
import { transpose } from '../../graph/transpose.ts';
import { packageVersion } from '../../machine/version.ts';
import { encodeSafetensors } from '../../storage/safetensors/bytes.ts';
import { type ExportModel, outcomeOf, tensorOf } from '../model.ts';
import { checkTensors } from '../safetensors.ts';
import type { Exporter } from '../target.ts';
import { checkPredictions, predictionsOf, trialOf } from '../verify.ts';
import { computeKeras } from './compute.ts';
import { type KerasLayer, kerasLayers } from './layers.ts';

/**
 * A Sequential model as Keras' JSON, and its weights beside it: safetensors named `<layer>/<weight>` in the order in which Keras' `set_weights`
 * takes them. Checked by reading both and computing them layer by layer.
 */
export const kerasJson: Exporter = (model, { output, raw }) => {
  const layers = kerasLayers(model, raw);
  const weights = `${output.replace(/\.json$/i, '')}.weights.safetensors`;
  const json = `${JSON.stringify(architecture(model, layers), null, 2)}\n`;
  const tensors = kerasTensors(model, layers);
  const bytes = encodeSafetensors(
    new Map([...tensors].map(([name, { shape, values }]) => [name, { dtype: 'F32' as const, shape, data: values }])),
    { keras: path.basename(output) },
  );
  return {
    files: [
      { path: weights, bytes },
      { path: output, bytes: json },
    ],
    check: async (trial = trialOf(model, raw)) => {
      checkTensors({ tensors: new Map([...tensors].map(([name, { values }]) => [name, values])) }, bytes, weights);
      const outputs = computeKeras(json, bytes, trial.rows, trial.count);
      return checkPredictions(trial, output, predictionsOf(outcomeOf(model), outputs, trial.count));
    },
  };
};

/** What `keras.models.model_from_json` reads. */
function architecture({ name, preprocess: { target } }: ExportModel, layers: readonly KerasLayer[]): unknown {
  return {
    module: 'keras',
    class_name: 'Sequential',
    config: { name: 'sequential', trainable: true, layers: layers.map(({ className, config }) => layerEntry(className, config)) },
    registered_name: null,
    // Beyond what Keras reads.
    gradloom: { version: packageVersion(), name, target },
  };
}

function layerEntry(className: string, config: object): unknown {
  return { module: 'keras.layers', class_name: className, config, registered_name: null };
}

/** All weights in the order of the layers. A dense kernel is [inputs, outputs], the transpose of PyTorch's. */
function kerasTensors(model: ExportModel, layers: readonly KerasLayer[]): Map<string, { shape: number[]; values: Float32Array }> {
  const tensors = new Map<string, { shape: number[]; values: Float32Array }>();
  for (const { config, weights } of layers) {
    for (const [weight, tensor] of Object.entries(weights)) {
      const values = tensorOf(model, tensor);
      if (weight !== 'kernel') {
        tensors.set(`${config.name}/${weight}`, { shape: [values.length], values });
        continue;
      }
      const { units } = config as unknown as { units: number };
      const inputs = values.length / units;
      tensors.set(`${config.name}/kernel`, { shape: [inputs, units], values: transpose(values, units, inputs) });
    }
  }
  return tensors;
}
