import type { BatchNormOp, LayerNormOp } from '../../graph/ops/norm.ts';
import { elements } from '../../graph/shape.ts';
import type { Lowering } from '../lowering.ts';
import type { BackwardSite, Emit, ForwardSite } from '../site.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;
const F64 = Float64Array.BYTES_PER_ELEMENT;

type NormOp = BatchNormOp | LayerNormOp;

/** Gradients of gamma and beta: sums over each leaf's rows, rounded to f32, then the tree of all gradients. */
function emitParameterGradients(op: NormOp, site: BackwardSite, units: number): void {
  for (const { first, leaves, gradient } of site.subtrees) {
    const sums = site.perLeaf('products') + first * 2 * units * F64;
    site.emit('norm_parameter_gradient', sums, leaves, units, gradient(op.weight), gradient(op.bias), site.scratch);
  }
}

/** Per-leaf column sums of d and of d * xhat, over `pixels` lines of each row. */
function emitProducts(site: BackwardSite, d: number, units: number, pixels: number): void {
  for (const { index, row, rows } of site.leaves) {
    const offset = row * pixels * units * F32;
    const sums = site.perLeaf('products') + index * 2 * units * F64;
    site.emit('norm_products', d + offset, site.kept('xhat') + offset, rows * pixels, units, sums);
  }
}

/** f64 places for f32[units]. */
const halved = (units: number): number => Math.ceil(units / 2);

/**
 * Per-leaf sums in f64, combined by the leaf tree on every rank, so they do not depend on the workers. With scope `leaf` each leaf is
 * normalised by itself, without a barrier; the running statistics are those of the whole batch in both.
 */
export const batchNorm: Lowering<BatchNormOp> = {
  workspace({ scope, units, y }, shapeOf) {
    const pair = 2 * units;
    const single = halved(units);
    return {
      kept: { xhat: shapeOf(y) },
      perLeaf: { sums: pair, products: pair, ...(scope === 'leaf' && { invstd: single }) },
      // Totals f64[2 * units]; mean, variance, 1/std f32[units] each, in f64 places.
      own: { total: pair, mean: single, variance: single, invstd: single },
    };
  },

  forward(op, site) {
    const { units } = op;
    const pair = 2 * units;
    const pixels = pixelsOf(op, site);
    const x = site.at(op.x);
    if (!site.training) {
      site.emit('inverse_std', site.statistic(op.runningVar), units, op.eps, site.own('invstd'));
      emitNormalise(op, site, site.statistic(op.runningMean), 0, site.rows);
      return;
    }
    for (const { index, row, rows } of site.leaves) {
      site.emit('norm_sums', x + row * pixels * units * F32, rows * pixels, units, site.perLeaf('sums') + index * pair * F64);
    }
    site.shareLeaves('sums');
    if (op.scope === 'batch') {
      site.barrier();
      emitBatchStatistics(op, site, site.emit);
      emitNormalise(op, site, site.own('mean'), 0, site.rows);
    } else {
      for (const { index, row, rows } of site.leaves) {
        emitStatistics(op, site, site.emit, site.perLeaf('sums') + index * pair * F64, rows);
        // Backward needs each leaf's own 1/std.
        site.emit('copy', site.perLeaf('invstd') + index * halved(units) * F64, site.own('invstd'), units);
        emitNormalise(op, site, site.own('mean'), row, rows);
      }
      emitBatchStatistics(op, site, site.afterwards);
    }
    const [mean, variance] = [site.statistic(op.runningMean), site.statistic(op.runningVar)];
    const lines = site.batchRows * pixels;
    site.afterwards('running_statistics', site.own('mean'), site.own('variance'), lines, units, op.momentum, mean, variance);
  },

  /** dz = gamma / std * (dy - mean(dy) - xhat * mean(dy * xhat)), in place of dy */
  backward(op, site) {
    const { units } = op;
    const pixels = pixelsOf(op, site);
    const [d, gamma, xhat] = [site.gradient(op.y), site.parameter(op.weight), site.kept('xhat')];
    emitProducts(site, d, units, pixels);
    emitParameterGradients(op, site, units);
    if (op.scope === 'batch') {
      site.shareLeaves('products');
      site.barrier();
      site.emit('tree_sum_f64', site.perLeaf('products'), site.leafTotal, 2 * units, site.own('total'), site.scratch);
      const [all, own] = [site.batchRows * pixels, site.rows * pixels];
      site.emit('batch_norm_backward', d, xhat, gamma, site.own('invstd'), site.own('total'), all, own, units);
      return;
    }
    for (const { index, row, rows } of site.leaves) {
      const offset = row * pixels * units * F32;
      const invstd = site.perLeaf('invstd') + index * halved(units) * F64;
      const total = site.perLeaf('products') + index * 2 * units * F64;
      site.emit('batch_norm_backward', d + offset, xhat + offset, gamma, invstd, total, rows * pixels, rows * pixels, units);
    }
  },
};

/** Lines of `units` values in a row: 1 where it is no picture. */
function pixelsOf({ units, y }: BatchNormOp, { shapeOf }: ForwardSite): number {
  return elements(shapeOf(y)) / units;
}

function emitStatistics(op: BatchNormOp, site: ForwardSite, emit: Emit, total: number, rows: number): void {
  const lines = rows * pixelsOf(op, site);
  emit('norm_statistics', total, lines, op.units, op.eps, site.own('mean'), site.own('variance'), site.own('invstd'));
}

/** Of the whole batch, from all leaves' sums. */
function emitBatchStatistics(op: BatchNormOp, site: ForwardSite, emit: Emit): void {
  emit('tree_sum_f64', site.perLeaf('sums'), site.leafTotal, 2 * op.units, site.own('total'), site.scratch);
  emitStatistics(op, site, emit, site.own('total'), site.batchRows);
}

function emitNormalise(op: BatchNormOp, site: ForwardSite, mean: number, row: number, rows: number): void {
  const { units } = op;
  const pixels = pixelsOf(op, site);
  const offset = row * pixels * units * F32;
  const xhat = site.training ? site.kept('xhat') + offset : 0;
  const [gamma, beta, invstd] = [site.parameter(op.weight), site.parameter(op.bias), site.own('invstd')];
  const [x, y] = [site.at(op.x) + offset, site.at(op.y) + offset];
  site.emit('batch_norm_forward', x, mean, invstd, gamma, beta, xhat, y, rows * pixels, units);
}

export const layerNorm: Lowering<LayerNormOp> = {
  workspace({ y }, shapeOf) {
    return { kept: { xhat: shapeOf(y), invstd: [] }, perLeaf: { products: 2 * elements(shapeOf(y)) } };
  },

  forward(op, site) {
    const [gamma, beta] = [site.parameter(op.weight), site.parameter(op.bias)];
    const xhat = site.training ? site.kept('xhat') : 0;
    const units = elements(site.shapeOf(op.y));
    site.emit('layer_norm_forward', site.at(op.x), gamma, beta, xhat, site.at(op.y), site.kept('invstd'), site.rows, units, op.eps);
  },

  backward(op, site) {
    const units = elements(site.shapeOf(op.y));
    const d = site.gradient(op.y);
    emitProducts(site, d, units, 1);
    emitParameterGradients(op, site, units);
    site.emit('layer_norm_backward', d, site.kept('xhat'), site.parameter(op.weight), site.kept('invstd'), site.rows, units);
  },
};
