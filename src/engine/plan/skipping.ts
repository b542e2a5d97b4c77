import type { Experiment } from '../../config/schema/schema.ts';
import type { Graph } from '../../graph/graph.ts';
import { opType } from '../../graph/op.ts';
import { lowerings } from '../../kernels/lowerings/index.ts';
import { listWords } from '../../kernels/sizes.ts';
import type { Network } from '../../model/network.ts';

/** Above it `parallel.skip_zeros: auto` does not repay the memory. */
const MAX_LIST_BYTES = 2 ** 28;

/** Names of the weights whose products could skip the zeros of the network's inputs. */
export function skippingWeights({ ops, input }: Graph): string[] {
  return ops.flatMap((op) => (opType(op).inputs(op)[0] === input ? (lowerings.of(op).skips?.(op) ?? []) : []));
}

/** Bytes of the lists of `rows` rows; 0 where nothing is skipped. */
export function listBytes({ parallel }: Experiment, { graph, inputs }: Network, rows: number): number {
  if (parallel.skip_zeros === 'never' || skippingWeights(graph).length === 0) return 0;
  const bytes = rows * listWords(inputs) * Int32Array.BYTES_PER_ELEMENT;
  return parallel.skip_zeros === 'auto' && bytes > MAX_LIST_BYTES ? 0 : bytes;
}
