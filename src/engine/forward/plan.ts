import { lowerings } from '../../kernels/lowerings/index.ts';
import type { Network } from '../../model/network.ts';
import { f32Bytes } from '../../model/parameters.ts';
import type { ForwardPlan } from '../plan/lower/share.ts';
import { Placer, STREAM_BYTES } from '../plan/memory.ts';
import { placeGraph, type Region } from '../plan/place.ts';

/** A trained network's way forward in one thread: a memory of its own, without anything that training needs. */
export interface ForwardMemoryPlan {
  plan: ForwardPlan;
  /** Rows of bytes before they are converted, [rows, inputs]; empty where rows are f32. */
  stage: Region;
  /** center[inputs], scale[inputs]; empty where all features are divided by one number. */
  normalization: Region;
  bytes: number;
  pages: number;
}

export interface ForwardNeeds {
  network: Network;
  /** Rows at once, at most. */
  rows: number;
  /** Rows come as bytes. */
  isBytes: boolean;
  /** Features have a center and a scale each. */
  isAffine: boolean;
}

/** @throws GradloomError E_MEMORY if it needs more than WebAssembly can address */
export function planForward({ network, rows, isBytes, isAffine }: ForwardNeeds): ForwardMemoryPlan {
  const { graph, inputs } = network;
  const placer = new Placer();
  const { place } = placer;
  const perRow = (width: number): Region => place(f32Bytes(rows * width));
  const f64 = (values: number): Region => place(values * Float64Array.BYTES_PER_ELEMENT);
  const memory = {
    parameters: place(f32Bytes(network.vectorFloats)),
    statistics: place(f32Bytes(network.statisticFloats)),
    averages: [],
    batchRows: rows,
    x: perRow(inputs),
    lists: place(0),
    labels: place(0),
    graph: placeGraph(graph, { perRow, f64, leaves: 1, workers: 1 }, false),
    scratch: [place(f32Bytes(lowerings.scratchFloats(graph, rows, 1)))],
    streams: [place(graph.streams * STREAM_BYTES)],
  };
  const stage = place(isBytes ? rows * inputs : 0);
  const normalization = place(isAffine ? f32Bytes(2 * inputs) : 0);
  // One leaf: a row's outputs do not depend on what it is summed up with.
  const plan = { network, workers: 1, experiment: { numerics: { leaves: 1 } }, memory };
  return { plan, stage, normalization, ...placer.size('the model', 'predict with fewer rows at once, or train a smaller network') };
}
