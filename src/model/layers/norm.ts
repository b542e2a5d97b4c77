import { type BatchNormConfig, batchNormOf, type DenseConfig, type LayerNormConfig, layerNormOf } from '../../config/schema.ts';
import { f32Bytes } from '../parameters.ts';
import type { BackwardSite, ForwardSite, TensorSpec, Workspace } from './layer.ts';

const F64 = Float64Array.BYTES_PER_ELEMENT;

/** The normalisation between a dense layer's product and its activation: one of the two, or none. */
export interface Norm {
  parameters: TensorSpec[];
  statistics: TensorSpec[];
  buffers: Record<string, number>;
  workspace: Workspace;
  /** z [rows, units] becomes gamma * (z - mean) / std + beta, in place. */
  forward(site: ForwardSite, z: number): void;
  /** d [rows, units], the gradient of the result, becomes the gradient of z, in place; gamma and beta get theirs. */
  backward(site: BackwardSite, d: number): void;
}

/** The norm that a layer's config asks for; undefined without one. */
export function normOf(config: DenseConfig): Norm | undefined {
  const batch = batchNormOf(config);
  if (batch !== undefined) return batchNorm(batch, config.units);
  const layer = layerNormOf(config);
  return layer && layerNorm(layer, config.units);
}

function vector(role: string, units: number, init: 'ones' | 'zeros'): TensorSpec {
  return { role, shape: [units], transposed: false, fanIn: units, fanOut: units, init };
}

const affine = (units: number): TensorSpec[] => [vector('norm.weight', units, 'ones'), vector('norm.bias', units, 'zeros')];

/** Gradients of gamma and beta: sums over each leaf's rows, rounded to f32, then the tree of all gradients. */
function emitParameterGradients(site: BackwardSite, units: number): void {
  for (const { first, leaves, gradient } of site.subtrees) {
    const sums = site.perLeaf('products') + first * 2 * units * F64;
    site.emit('norm_parameter_gradient', sums, leaves, units, gradient('norm.weight'), gradient('norm.bias'), site.scratch);
  }
}

/** Per-leaf column sums of d and of d * xhat. */
function emitProducts(site: BackwardSite, d: number, units: number): void {
  for (const { index, row, rows } of site.leaves) {
    const offset = f32Bytes(row * units);
    site.emit('norm_products', d + offset, site.buffer('xhat') + offset, rows, units, site.perLeaf('products') + index * 2 * units * F64);
  }
}

/**
 * Batch normalisation as torch.nn.BatchNorm1d, its statistics over the whole batch: per-leaf sums in f64, combined by the leaf tree on every
 * rank, so they do not depend on the workers. With scope `leaf` each leaf is normalised by itself, without a barrier; the running
 * statistics are those of the whole batch in both.
 *
 * source: https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html; Ioffe and Szegedy (2015), section 3.
 * dz = gamma / std * (dy - mean(dy) - xhat * mean(dy * xhat))
 */
function batchNorm({ eps, momentum, scope }: BatchNormConfig, units: number): Norm {
  const pair = 2 * units;
  // Values of a rank's own: totals f64[2 * units]; mean, variance, 1/std f32[units] each, in f64 places.
  const single = Math.ceil(units / 2);
  const statistics = (site: ForwardSite, emit: ForwardSite['emit'], total: number, rows: number): void => {
    emit('norm_statistics', total, rows, units, eps, site.own('mean'), site.own('variance'), site.own('invstd'));
  };
  const wholeBatch = (site: ForwardSite, emit: ForwardSite['emit']): void => {
    emit('tree_sum_f64', site.perLeaf('sums'), site.leafTotal, pair, site.own('total'), site.scratch);
    statistics(site, emit, site.own('total'), site.batchRows);
  };
  const updateRunning = (site: ForwardSite): void => {
    const [mean, variance] = [site.statistic('norm.running_mean'), site.statistic('norm.running_var')];
    site.afterwards('running_statistics', site.own('mean'), site.own('variance'), site.batchRows, units, momentum, mean, variance);
  };
  const normalise = (site: ForwardSite, z: number, mean: number, row: number, rows: number): void => {
    const at = z + f32Bytes(row * units);
    const xhat = site.training ? site.buffer('xhat') + f32Bytes(row * units) : 0;
    const [gamma, beta] = [site.parameter('norm.weight'), site.parameter('norm.bias')];
    site.emit('batch_norm_forward', at, mean, site.own('invstd'), gamma, beta, xhat, at, rows, units);
  };
  return {
    parameters: affine(units),
    statistics: [vector('norm.running_mean', units, 'zeros'), vector('norm.running_var', units, 'ones')],
    buffers: { xhat: units },
    workspace: {
      perLeaf: { sums: pair, products: pair, ...(scope === 'leaf' && { invstd: single }) },
      own: { total: pair, mean: single, variance: single, invstd: single },
    },
    forward(site, z) {
      if (!site.training) {
        site.emit('inverse_std', site.statistic('norm.running_var'), units, eps, site.own('invstd'));
        normalise(site, z, site.statistic('norm.running_mean'), 0, site.rows);
        return;
      }
      for (const { index, row, rows } of site.leaves) {
        site.emit('norm_sums', z + f32Bytes(row * units), rows, units, site.perLeaf('sums') + index * pair * F64);
      }
      if (scope === 'batch') {
        site.barrier();
        wholeBatch(site, site.emit);
        normalise(site, z, site.own('mean'), 0, site.rows);
      } else {
        for (const { index, row, rows } of site.leaves) {
          statistics(site, site.emit, site.perLeaf('sums') + index * pair * F64, rows);
          // Backward needs each leaf's own 1/std.
          site.emit('copy', site.perLeaf('invstd') + index * single * F64, site.own('invstd'), units);
          normalise(site, z, site.own('mean'), row, rows);
        }
        wholeBatch(site, site.afterwards);
      }
      updateRunning(site);
    },
    backward(site, d) {
      const gamma = site.parameter('norm.weight');
      const xhat = site.buffer('xhat');
      emitProducts(site, d, units);
      emitParameterGradients(site, units);
      if (scope === 'batch') {
        site.barrier();
        site.emit('tree_sum_f64', site.perLeaf('products'), site.leafTotal, pair, site.own('total'), site.scratch);
        site.emit('batch_norm_backward', d, xhat, gamma, site.own('invstd'), site.own('total'), site.batchRows, site.rows, units);
        return;
      }
      for (const { index, row, rows } of site.leaves) {
        const offset = f32Bytes(row * units);
        const invstd = site.perLeaf('invstd') + index * single * F64;
        const total = site.perLeaf('products') + index * pair * F64;
        site.emit('batch_norm_backward', d + offset, xhat + offset, gamma, invstd, total, rows, rows, units);
      }
    },
  };
}

/**
 * Layer normalisation as torch.nn.LayerNorm over the units of each row.
 * source: https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html; Ba, Kiros and Hinton (2016).
 */
function layerNorm({ eps }: LayerNormConfig, units: number): Norm {
  return {
    parameters: affine(units),
    statistics: [],
    buffers: { xhat: units, invstd: 1 },
    workspace: { perLeaf: { products: 2 * units }, own: {} },
    forward(site, z) {
      const [gamma, beta] = [site.parameter('norm.weight'), site.parameter('norm.bias')];
      const xhat = site.training ? site.buffer('xhat') : 0;
      site.emit('layer_norm_forward', z, gamma, beta, xhat, z, site.buffer('invstd'), site.rows, units, eps);
    },
    backward(site, d) {
      emitProducts(site, d, units);
      emitParameterGradients(site, units);
      site.emit('layer_norm_backward', d, site.buffer('xhat'), site.parameter('norm.weight'), site.buffer('invstd'), site.rows, units);
    },
  };
}
