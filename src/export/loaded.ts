import path from 'node:path';
import { tensorsInOrder } from '../model/network.ts';
import { readTensor } from '../model/parameters.ts';
import type { LoadedModel } from '../use/model/parse.ts';
import type { ExportModel } from './model.ts';

/** What exporters take of a model that was read from a run or a file. */
export function exportModelOf({ network, parameters, statistics, layers, blocks, preprocess, origin }: LoadedModel): ExportModel {
  const tensors = tensorsInOrder(network, (tensor, kind) => readTensor(kind === 'parameter' ? parameters : statistics, tensor));
  const name = path.basename(origin.run ?? origin.path.replace(/\.[^.]*$/, ''));
  return { name, layers, blocks, graph: network.graph, tensors: new Map(tensors), preprocess };
}
