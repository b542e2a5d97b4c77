import { GraphIndex } from '../../../graph/graph.ts';
import { opType } from '../../../graph/op.ts';
import { lowerings } from '../../../kernels/lowerings/index.ts';
import { flopsPerRow } from '../../../model/network.ts';
import { optimizerType } from '../../../optim/index.ts';
import { batchCount } from '../batches.ts';
import type { Chunk } from '../chunks.ts';
import { isByFactors } from '../exchange.ts';
import { leafStart, rankLeaves, reduction } from '../leaves.ts';
import type { EnginePlan } from '../plan.ts';
import { rankSlices, rowsOfSlice } from '../slices.ts';
import { lowerProgram } from './lower.ts';

/** What a full step asks of its busiest rank, as counts: the plan alone tells, no clock. */
export interface StepCost {
  /** Rows of a batch that the rank with the most takes through the network, and their leaves. */
  rows: number;
  leaves: number;
  /** Share of the products' arithmetic that is shared out by slices of weights, not by rows: gradients exchanged as factors. */
  slicedShare: number;
  /** The largest part of it that one rank has; 0 without any. */
  largestSlice: number;
  barriers: number;
  /** Floats that the rank with the largest slice updates, of all. */
  updatedFloats: number;
  parameterFloats: number;
  /** Floats of other ranks' sums that a rank adds to its own, once a batch. */
  addedFloats: number;
  /** Floats of other ranks' rows that a rank reads as factors, once a batch. */
  factorFloats: number;
}

/** Counts what a full step of a plan costs. */
export function stepCost(plan: EnginePlan): StepCost {
  const { experiment, batches, workers, memory, team } = plan;
  const { leaves } = experiment.numerics;
  const busiest = Array.from({ length: workers }, (_, rank) => {
    const { from, to } = rankLeaves(rank, workers, leaves, team);
    return { leaves: to - from, rows: leafStart(to, leaves, batches.batchRows) - leafStart(from, leaves, batches.batchRows) };
  }).reduce((most, rank) => (rank.rows > most.rows ? rank : most));
  const slices = rankSlices(plan);
  const floatsOf = (slice: readonly Chunk[]): number => slice.reduce((sum, { count }) => sum + count, 0);
  const additions = reduction(memory.nodes, leaves).length;
  const added = (slice: readonly Chunk[]): number =>
    additions * floatsOf(slice.filter(({ tensor }) => !isByFactors(tensor, plan.exchange)));
  return {
    ...busiest,
    ...factorCost(plan, slices),
    barriers: barriersOf(plan),
    updatedFloats: Math.max(...slices.map(floatsOf)),
    parameterFloats: floatsOf(plan.chunks),
    addedFloats: Math.max(...slices.map(added)) * batchCount(batches, 0),
  };
}

/** What weights whose gradients are made of factors cost. */
function factorCost(
  plan: EnginePlan,
  slices: readonly (readonly Chunk[])[],
): Pick<StepCost, 'slicedShare' | 'largestSlice' | 'factorFloats'> {
  const { network, batches, workers, exchange } = plan;
  const index = new GraphIndex(network.graph);
  const { forward, backward } = flopsPerRow(network);
  const byName = new Map(network.parameters.map((tensor) => [tensor.name, tensor]));
  let sliced = 0;
  const flopsOfRank = slices.map(() => 0);
  const floatsOfRank = slices.map(() => 0);
  for (const op of network.graph.ops) {
    const weight = byName.get(lowerings.of(op).sliced?.(op) ?? '');
    if (weight === undefined || !isByFactors(weight, exchange)) continue;
    // The gradient of a weight takes as many products as its forward.
    const flops = opType(op).flops?.(op, index.shapeOf).forward ?? 0;
    const [inputs, outputs] = [index.widthOf(opType(op).inputs(op)[0] ?? ''), index.widthOf(op.y)];
    sliced += flops;
    for (const [rank, slice] of slices.entries()) {
      const { from, to } = rowsOfSlice(slice, weight);
      const columns = to - from;
      flopsOfRank[rank] = (flopsOfRank[rank] ?? 0) + (flops * columns) / inputs;
      if (columns > 0) floatsOfRank[rank] = (floatsOfRank[rank] ?? 0) + batches.batchRows * (columns + outputs) * (1 - 1 / workers);
    }
  }
  return {
    slicedShare: sliced === 0 ? 0 : sliced / (forward + backward),
    largestSlice: sliced === 0 ? 0 : Math.max(...flopsOfRank) / sliced,
    factorFloats: Math.max(...floatsOfRank) * batchCount(batches, 0),
  };
}

/** Barriers of a full step: rank.ts and update.ts wait at them. */
function barriersOf(plan: EnginePlan): number {
  const { experiment, batches } = plan;
  const { phases } = lowerProgram(plan, 0, { kind: 'full', batchRows: batches.batchRows, stepRow: 0, averaged: false });
  const batchesOfStep = batchCount(batches, 0);
  // Between the phases of a batch and behind the last; before the next batch overwrites sums.
  const compute = batchesOfStep * phases.length + (batchesOfStep - 1);
  const norms = 'prepare' in optimizerType(experiment.optimizer) ? 1 : 0;
  const limits = experiment.regularization.max_norm === undefined ? 0 : 1;
  // Behind reduce, and behind the update.
  return compute + 2 + norms + limits;
}
