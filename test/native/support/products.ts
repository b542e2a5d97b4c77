import { type KernelCall, kernelCall } from '../../../src/kernels/call.ts';
import { type Geometry, windowArgs } from '../../kernels/support/convolution.ts';

const RELU = 1;

interface ForwardProduct {
  m: number;
  n: number;
  k: number;
  hasBias: boolean;
  relu: boolean;
}

interface GradientProduct {
  i: number;
  o: number;
  xWidth: number;
  /** Rows at which leaves begin and end. */
  bounds: readonly number[];
}

/** A convolution, or a gradient of one. */
export type ConvProduct =
  | { kind: 'conv forward'; rows: number; geometry: Geometry; hasBias: boolean; relu: boolean }
  | { kind: 'conv input gradient'; rows: number; geometry: Geometry }
  | { kind: 'conv weight gradient' | 'conv bias gradient'; geometry: Geometry; bounds: readonly number[] };

export type ConvKind = ConvProduct['kind'];

/** A pool of the largest values, or its gradient; the geometry's filters and groups say nothing. */
export type PoolProduct =
  | { kind: 'max pool'; rows: number; geometry: Geometry; hasIndex: boolean }
  | { kind: 'max pool backward'; rows: number; geometry: Geometry };

export type PoolKind = PoolProduct['kind'];

/** A product by its shape, without data. */
export type Product =
  | ConvProduct
  | PoolProduct
  | ({ kind: 'forward' | 'sparse forward' } & ForwardProduct)
  | { kind: 'nt'; m: number; n: number; k: number }
  | ({ kind: 'gradient' | 'sparse gradient' } & GradientProduct);

export type ProductKind = Product['kind'];
export const CONV_KINDS: readonly ConvKind[] = ['conv forward', 'conv input gradient', 'conv weight gradient', 'conv bias gradient'];
export const POOL_KINDS: readonly PoolKind[] = ['max pool', 'max pool backward'];
export const KINDS: readonly ProductKind[] = [
  'forward',
  'nt',
  'gradient',
  'sparse forward',
  'sparse gradient',
  ...CONV_KINDS,
  ...POOL_KINDS,
];

export const hasWindow = (product: Product): product is ConvProduct | PoolProduct => 'geometry' in product;
export const isConvKind = (kind: ProductKind): kind is ConvKind => kind.startsWith('conv');
export const isPoolKind = (kind: ProductKind): kind is PoolKind => kind.startsWith('max');

/** Terms that are no product may be added as zeros or left out, which is the same for finite values only. */
export const isFiniteOnly = ({ kind }: Pick<Product, 'kind'>): boolean => kind === 'conv input gradient';
export const skipsZeros = ({ kind }: Pick<Product, 'kind'>): boolean => kind.startsWith('sparse');

/** Where a call's bias and bounds stand, as long as nothing has a place; 0 would mean that there is no bias. */
const SOMEWHERE = 64;

/** The kernel call of a product whose operands have no places yet, and the memory that its bounds are read from. */
export function callOf(product: Product): { call: KernelCall; words: Int32Array } {
  const words = new Int32Array(SOMEWHERE / 4 + ('bounds' in product ? product.bounds.length : 0));
  if ('bounds' in product) words.set(product.bounds, SOMEWHERE / 4);
  return { call: bare(product), words };
}

function bare(product: Product): KernelCall {
  switch (product.kind) {
    case 'forward': {
      const { m, n, k, hasBias, relu } = product;
      return kernelCall('dense_forward', 0, 0, hasBias ? SOMEWHERE : 0, 0, m, n, k, relu ? RELU : 0, 0, 0);
    }
    case 'nt':
      return kernelCall('matmul_nt', 0, 0, 0, product.m, product.n, product.k, 0);
    case 'sparse forward': {
      const { m, n, k, hasBias, relu } = product;
      return kernelCall('sparse_forward', 0, 0, 0, hasBias ? SOMEWHERE : 0, 0, m, n, k, relu ? RELU : 0, 0, 0);
    }
    case 'gradient':
    case 'sparse gradient': {
      const { i, o, xWidth, bounds } = product;
      const kernel = product.kind === 'gradient' ? 'dense_weight_gradient' : 'sparse_weight_gradient';
      return kernelCall(kernel, 0, 0, 0, SOMEWHERE, bounds.length - 1, i, o, xWidth, 0);
    }
    case 'conv forward': {
      const { rows, geometry, hasBias, relu } = product;
      const { filters, groups } = geometry;
      const bias = hasBias ? SOMEWHERE : 0;
      return kernelCall('conv_forward', 0, 0, bias, 0, rows, ...windowArgs(geometry), filters, groups, relu ? RELU : 0, 0, 0);
    }
    case 'max pool': {
      const { rows, geometry, hasIndex } = product;
      return kernelCall('max_pool_forward', 0, 0, hasIndex ? SOMEWHERE : 0, rows, ...windowArgs(geometry));
    }
    case 'max pool backward':
      return kernelCall('max_pool_backward', 0, 0, 0, product.rows, ...windowArgs(product.geometry));
    case 'conv input gradient': {
      const { rows, geometry } = product;
      return kernelCall('conv_input_gradient', 0, 0, 0, rows, ...windowArgs(geometry), geometry.filters, geometry.groups, 0);
    }
    case 'conv bias gradient': {
      const { geometry, bounds } = product;
      const pixels = geometry.outHeight * geometry.outWidth;
      return kernelCall('conv_bias_gradient', 0, 0, SOMEWHERE, bounds.length - 1, pixels, geometry.filters, 0);
    }
    case 'conv weight gradient': {
      const { geometry, bounds } = product;
      const { filters, groups } = geometry;
      return kernelCall('conv_weight_gradient', 0, 0, 0, SOMEWHERE, bounds.length - 1, ...windowArgs(geometry), filters, groups, 0);
    }
  }
}
