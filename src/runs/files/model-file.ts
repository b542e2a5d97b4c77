import type { Experiment } from '../../config/schema/schema.ts';
import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import { type Network, tensorsInOrder } from '../../model/network.ts';
import { readTensor } from '../../model/parameters.ts';
import { encodeSafetensors } from '../../storage/safetensors/bytes.ts';
import { digestOf } from './digests.ts';
import { modelMetadata } from './model-metadata.ts';

type Vectors = Pick<TrainingState, 'parameters' | 'statistics'>;

function readAll(network: Network, { parameters, statistics }: Vectors) {
  return tensorsInOrder(network, (tensor, kind) => ({
    dtype: 'F32' as const,
    shape: tensor.shape,
    data: readTensor(kind === 'parameter' ? parameters : statistics, tensor),
  }));
}

/** A model as safetensors: parameters and running statistics under PyTorch's names; layers, loss and preprocessing in the metadata. */
export function encodeModel(network: Network, vectors: Vectors, { model, loss }: Experiment, preprocess: Preprocess): Uint8Array {
  return encodeSafetensors(new Map(readAll(network, vectors)), {
    format: 'pt',
    ...modelMetadata({ ...model, loss }, preprocess),
  });
}

/** sha256 (hex) over all tensors, in the file's order and layout. */
export function modelDigest(network: Network, vectors: Vectors): string {
  return digestOf(readAll(network, vectors).map(([, { data }]) => data));
}
