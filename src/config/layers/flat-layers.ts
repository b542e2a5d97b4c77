import { GradloomError } from '../../errors.ts';
import type { LayerConfig, LayerEntry, ResidualEntry, ResidualSettings } from '../schema/layers/entries.ts';
import type { Experiment } from '../schema/schema.ts';
import { dotted } from '../text/node.ts';
import { type LayerLists, listProblems, type Part, type WrittenLayer, writtenOut } from './written-out.ts';

/** Where a residual ends: `activation(x + projection(input))`. */
export type ResidualConfig = { type: 'residual' } & ResidualSettings;

/** What a layer of the network is made of. */
export type FlatConfig = LayerConfig | ResidualConfig;

/** A layer of the network, as `model.layers` comes out once repeats and blocks are written out. */
export interface FlatLayer<C extends FlatConfig = FlatConfig> {
  /** Its number in the names of its tensors. */
  index: number;
  /** `layers.<index>`, what its tensors' names begin with. */
  name: string;
  /** Its key in the experiment, for errors: `model.layers.2.repeat.layers.0`. */
  path: string;
  config: C;
  /** Of a residual, the index of the layer whose input it adds; of any other layer its own. */
  from: number;
}

/** What of an experiment says which layers there are. */
export type ModelLayers = Pick<Experiment['model'], 'layers' | 'blocks'>;

/**
 * The layers of a network in the order of computation. A residual is a layer of its own behind those inside it.
 *
 * @throws GradloomError E_CONFIG_VALUE, E_CONFIG_RANGE where blocks are missing or contain themselves, or there are too many layers: in a
 *   model that did not pass the checks of an experiment
 */
export function flatLayers({ layers, blocks = {} }: ModelLayers): FlatLayer[] {
  const lists: LayerLists<LayerEntry> = { layers, blocks: new Map(Object.entries(blocks)), partOf };
  const [problem] = listProblems(lists);
  if (problem !== undefined) {
    const { path, ...details } = problem;
    throw new GradloomError({ ...details, where: dotted(path) });
  }
  return writtenOut(lists).map(flatLayer);
}

function partOf(entry: LayerEntry): Part<LayerEntry> {
  switch (entry.type) {
    case 'repeat':
      if (typeof entry.repeat === 'number') return { kind: 'repeat', times: entry.repeat, layers: entry.layers ?? [], at: ['layers'] };
      return { kind: 'repeat', ...entry.repeat, at: ['repeat', 'layers'] };
    case 'block':
      return { kind: 'block', name: entry.block };
    case 'residual':
      return { kind: 'residual', layers: entry.residual.layers, at: ['residual', 'layers'] };
    default:
      return { kind: 'layer' };
  }
}

function flatLayer({ path, entry, from }: WrittenLayer<LayerEntry>, index: number): FlatLayer {
  const name = `layers.${index}`;
  if (entry.type === 'repeat' || entry.type === 'block') throw new TypeError(`${dotted(path)} is not written out`);
  return { index, name, path: dotted(path), config: entry.type === 'residual' ? residualOf(entry) : entry, from: from ?? index };
}

function residualOf({ residual: { layers: _layers, ...settings } }: ResidualEntry): ResidualConfig {
  return { type: 'residual', ...settings };
}
