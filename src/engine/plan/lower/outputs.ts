import { activityOf, type GraphLayer } from '../../../graph/graph.ts';
import { targetOf } from '../../../graph/ops/loss.ts';
import { lowerings } from '../../../kernels/lowerings/index.ts';
import type { Emit, MetricSite } from '../../../kernels/site.ts';
import { f32Bytes } from '../../../model/parameters.ts';
import { ACTIVITY_VALUES, SUM_BYTES } from '../memory.ts';
import type { Share } from './share.ts';

/** Loss leaf by leaf: each leaf has its own sum, so the total does not depend on who computed it. */
export function lowerLoss(share: Share, emit: Emit): void {
  const { memory, network } = share.plan;
  const { loss, output } = network.graph;
  for (const { index, row, rows } of share.leafSites) {
    const first = share.rows.from + row;
    lowerings.loss(loss, {
      x: share.valueAt(output, first),
      target: targetOf(loss.loss) === 'labels' ? share.labelAt(first) : targetsAt(share, first),
      sampleWeights: memory.weights.bytes === 0 ? 0 : memory.weights.at + f32Bytes(first),
      lossWeights: memory.lossWeights.bytes === 0 ? 0 : memory.lossWeights.at,
      dx: share.isTraining ? share.gradientAt(output, first) : 0,
      rows,
      outputs: network.outputs,
      out: memory.leafSums.at + index * SUM_BYTES,
      emit,
    });
  }
}

/** Counts are whole numbers, so a rank counts all its rows at once; real sums are kept leaf by leaf, like the loss. */
export function lowerMetrics(share: Share, emit: Emit): void {
  const { memory, network, metrics } = share.plan;
  const { from, to } = share.rows;
  const site = (first: number, rows: number, out: number): MetricSite => {
    const x = share.valueAt(network.graph.output, first);
    return { x, rows, outputs: network.outputs, labels: share.labelAt(first), targets: targetsAt(share, first), out, emit };
  };
  for (const { sum, at } of metrics.counters) {
    lowerings.metric(sum, site(from, to - from, share.own(memory.metricCounts) + at * Float64Array.BYTES_PER_ELEMENT));
  }
  if (metrics.sumLength === 0) return;
  for (const { index, row, rows } of share.leafSites) {
    const out = memory.metricSums.at + index * metrics.sumLength * Float64Array.BYTES_PER_ELEMENT;
    lowerings.metric({ type: 'errors' }, site(from + row, rows, out));
  }
}

function targetsAt({ plan: { memory, network } }: Share, row: number): number {
  return memory.targets.at + f32Bytes(row * network.outputs);
}

/** Sums over what a layer's units do, leaf by leaf. */
export function lowerActivity(share: Share, layer: GraphLayer, emit: Emit): void {
  const { memory, experiment, network } = share.plan;
  const { tensor } = activityOf(network.graph, layer);
  for (const leaf of share.leafSites) {
    const values = (layer.index * experiment.numerics.leaves + leaf.index) * ACTIVITY_VALUES;
    lowerings.activity({
      y: share.valueAt(tensor, share.rows.from + leaf.row),
      count: leaf.rows * share.index.widthOf(tensor),
      out: memory.activity.at + values * Float64Array.BYTES_PER_ELEMENT,
      emit,
    });
  }
}
