import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import { type Network, tensorsInOrder } from '../../model/network.ts';
import { readTensor } from '../../model/parameters.ts';
import { encodeSafetensors } from '../../storage/safetensors.ts';
import { digestOf } from './digests.ts';

type Vectors = Pick<TrainingState, 'parameters' | 'statistics'>;

function readAll(network: Network, { parameters, statistics }: Vectors) {
  return tensorsInOrder(network, (tensor, kind) => ({
    dtype: 'F32' as const,
    shape: tensor.shape,
    data: readTensor(kind === 'parameter' ? parameters : statistics, tensor),
  }));
}

/** A model as safetensors: parameters and running statistics under PyTorch's names. */
export function encodeModel(network: Network, vectors: Vectors): Uint8Array {
  return encodeSafetensors(new Map(readAll(network, vectors)), { format: 'pt' });
}

/** sha256 (hex) over all tensors, in the file's order and layout. */
export function modelDigest(network: Network, vectors: Vectors): string {
  return digestOf(readAll(network, vectors).map(([, { data }]) => data));
}
