import type { ActivationConfig } from '../../../config/schema/layers/activation.ts';

/** What may follow a product. */
interface Rest {
  batch_norm?: { eps: number; momentum: number };
  layer_norm?: { eps: number };
  activation?: ActivationConfig;
  residual?: true;
}

/** A number, or height and width. */
export type Extents = number | number[];

export interface ImportedDense extends Rest {
  type: 'dense';
  units: number;
}

export interface ImportedConv extends Rest {
  type: 'conv1d' | 'conv2d';
  filters: number;
  kernel: Extents;
  stride?: Extents;
  padding?: 'same' | Extents;
  dilation?: Extents;
  groups?: number;
  bias?: false;
}

export interface ImportedPool {
  type: `${'max' | 'avg'}_pool${1 | 2}d`;
  kernel: Extents;
  stride?: Extents;
  padding?: Extents;
  drop_rest?: true;
}

export interface ImportedReshape {
  type: 'reshape';
  shape: number[];
  channels?: 'last';
}

/** Layers whose input is added to their output. */
export interface ImportedResidual {
  type: 'residual';
  residual: {
    layers: ImportedLayer[];
    projection?: true;
    batch_norm?: { eps: number; momentum: number };
    activation?: ActivationConfig;
  };
}

export type ImportedProduct = ImportedDense | ImportedConv;

/** A layer as an experiment says it. */
export type ImportedLayer = ImportedProduct | ImportedPool | { type: 'global_avg_pool' } | ImportedReshape | ImportedResidual;
