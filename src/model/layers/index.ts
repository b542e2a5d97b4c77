import type { FlatConfig } from '../../config/layers/flat-layers.ts';
import { conv1d, conv2d } from './conv.ts';
import { dense } from './dense.ts';
import { flatten } from './flatten.ts';
import type { LayerType } from './layer.ts';
import { globalAvgPool, pool1d, pool2d } from './pool.ts';
import { reshape } from './reshape.ts';
import { residual } from './residual.ts';

const layerTypes: { [T in FlatConfig['type']]: LayerType<Extract<FlatConfig, { type: T }>> } = {
  dense,
  conv2d,
  conv1d,
  max_pool2d: pool2d,
  avg_pool2d: pool2d,
  max_pool1d: pool1d,
  avg_pool1d: pool1d,
  global_avg_pool: globalAvgPool,
  flatten,
  reshape,
  residual,
};

/** The implementation of a layer by the `type` of its config. */
export function layerType<C extends FlatConfig>({ type }: C): LayerType<C> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table pairs each type with its layer
  return layerTypes[type] as unknown as LayerType<C>;
}
