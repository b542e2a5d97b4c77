import { GradloomError, printable } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { modelMetadata } from '../runs/files/model-metadata.ts';
import { encodeSafetensors } from '../storage/safetensors/bytes.ts';
import { readSafetensors } from '../storage/safetensors.ts';
import { type ExportModel, shapeOf, tensorOf } from './model.ts';
import type { Exporter } from './target.ts';

/** The tensors as safetensors, as a run has them: PyTorch's names, layers and preprocessing in the metadata. */
export const safetensors: Exporter = (model, { output }) => {
  const bytes = modelFile(model);
  return {
    files: [{ path: output, bytes }],
    check: async () => checkTensors(model, bytes, output),
  };
};

/** Bytes of the file: the same as the run's model.safetensors. */
export function modelFile(model: ExportModel): Uint8Array {
  const names = namesInOrder(model.graph);
  const tensors = new Map(names.map((name) => [name, { dtype: 'F32' as const, shape: shapeOf(model, name), data: tensorOf(model, name) }]));
  const metadata = modelMetadata({ ...model, loss: model.graph.loss.loss }, model.preprocess);
  return encodeSafetensors(tensors, { format: 'pt', ...metadata });
}

/** Layer by layer: parameters, then statistics. */
function namesInOrder({ layers, parameters, statistics }: Graph): string[] {
  return layers.flatMap(({ index }) => [...parameters, ...statistics].filter(({ layer }) => layer === index).map(({ name }) => name));
}

/** Reads the file again: the same tensors, to the bit. */
export function checkTensors(model: Pick<ExportModel, 'tensors'>, bytes: Uint8Array, output: string): string {
  const { tensors } = readSafetensors(bytes, output);
  for (const [name, values] of model.tensors) {
    const data = tensors.get(name)?.data;
    const expected = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (data === undefined || Buffer.compare(data, expected) !== 0) {
      throw new GradloomError({
        code: 'E_EXPORT_CHECK',
        where: printable(output),
        message: `${name} reads as other bytes than were written`,
      });
    }
  }
  return `${tensors.size} tensors read again, equal to the bit`;
}
