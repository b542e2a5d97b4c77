import type { Experiment } from '../../config/schema/schema.ts';
import { GraphIndex } from '../../graph/graph.ts';
import { opType } from '../../graph/op.ts';
import { lowerings } from '../../kernels/lowerings/index.ts';
import type { Network } from '../../model/network.ts';
import type { PlacedTensor } from '../../model/parameters.ts';
import { ALONE, type TeamPlan } from '../team/team.ts';
import type { BatchPlan } from './batches.ts';

/**
 * How the gradient of a weight comes together from all ranks' rows; the leaves are summed by the same tree, so the bits are equal.
 *
 * gradients: every rank sums its leaves into slabs of the weight's size; after the barrier each adds up its slice of all slabs.
 * factors: after the barrier each rank computes its slice of the gradient over the whole batch, from the op's inputs and deltas of all
 *   ranks: no slabs. source: sufficient factors, Xie et al. (2015), "Distributed machine learning via sufficient factor broadcasting".
 */
export type Exchange = 'gradients' | 'factors';

/** The exchange of each weight that has a choice, by name; all other tensors go by gradients. */
export type Exchanges = Readonly<Record<string, Exchange>>;

/**
 * The exchange of every weight whose op can do both.
 *
 * auto takes what moves fewer floats between cores. Slabs of S floats: each of `workers` is written by one rank and read by others.
 * Factors: every rank reads its columns of all other ranks' inputs, and all of their deltas. One worker moves nothing; it computes the
 * gradient in the backward pass, where the deltas are still in its cache.
 */
export function planExchange(
  { parallel }: Experiment,
  { graph, parameters }: Pick<Network, 'graph' | 'parameters'>,
  { batchRows }: BatchPlan,
  workers: number,
  { members }: Pick<TeamPlan, 'members'> = ALONE,
): Exchanges {
  const { widthOf } = new GraphIndex(graph);
  const chosen = (size: number, inputs: number, outputs: number): Exchange => {
    // Other members' rows are not here.
    if (members > 1) return 'gradients';
    if (parallel.exchange !== 'auto') return parallel.exchange;
    const factors = batchRows * (inputs + workers * outputs);
    return workers > 1 && factors < workers * size ? 'factors' : 'gradients';
  };
  const byName = new Map(parameters.map((tensor) => [tensor.name, tensor]));
  const exchanges: Record<string, Exchange> = {};
  for (const op of graph.ops) {
    const weight = byName.get(lowerings.of(op).sliced?.(op) ?? '');
    const [x] = opType(op).inputs(op);
    if (weight !== undefined && x !== undefined) exchanges[weight.name] = chosen(weight.size, widthOf(x), widthOf(op.y));
  }
  return exchanges;
}

/** True where the tensor's gradient needs no slabs. Biases and norms are too small to matter. */
export function isByFactors({ name }: Pick<PlacedTensor, 'name'>, exchange: Exchanges): boolean {
  return exchange[name] === 'factors';
}

/** Where the tensors that need slabs lie in a slab, in floats by name, and its size. */
export function slabLayout(network: Network, exchange: Exchanges): { offsets: Record<string, number>; floats: number } {
  const offsets: Record<string, number> = {};
  let floats = 0;
  for (const tensor of network.parameters) {
    if (isByFactors(tensor, exchange)) continue;
    offsets[tensor.name] = floats;
    floats += Math.ceil(tensor.size / 4) * 4;
  }
  return { offsets, floats };
}
