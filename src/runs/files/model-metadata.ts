import type { ModelLayers } from '../../config/layers/flat-layers.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Preprocess } from '../../data/preprocess/preprocess.ts';

/** What stands in a model file's metadata beside the tensors, so that it can be used without its run: each value is JSON. */
export const MODEL_METADATA = { model: 'gradloom.model', preprocess: 'gradloom.preprocess' } as const;

/** The metadata of a model, by the names in `MODEL_METADATA`. */
export function modelMetadata(
  { layers, blocks, loss }: ModelLayers & { loss: Experiment['loss'] },
  preprocess: Preprocess,
): Record<string, string> {
  return {
    // Where the first weights came from says nothing of these.
    [MODEL_METADATA.model]: JSON.stringify({ layers, blocks, loss }, (key, value: unknown) => (key === 'init' ? undefined : value)),
    [MODEL_METADATA.preprocess]: JSON.stringify(preprocess),
  };
}
