import type { LayerOp } from '../graph/op.ts';
import type { ConvOp } from '../graph/ops/conv.ts';
import type { DenseOp } from '../graph/ops/dense.ts';
import type { BatchNormOp } from '../graph/ops/norm.ts';
import type { ModelTensor } from '../graph/tensor.ts';
import { type ExportModel, tensorOf } from './model.ts';

/** What a batch norm stands behind. */
type Product = (DenseOp | ConvOp) & { bias: string };

/**
 * The model without batch norms: each becomes part of the weights and biases of the layer before it, computed in f64 and rounded once.
 * With running statistics y = gamma (x W^T + b - mean) / std + beta is a dense layer of its own, and a convolution likewise.
 */
export function foldBatchNorms(model: ExportModel): ExportModel {
  const tensors = new Map(model.tensors);
  const parameters = [...model.graph.parameters];
  let ops = model.graph.ops;
  for (const norm of model.graph.ops) {
    if (norm.type !== 'batch_norm') continue;
    const found = ops.find((op): op is DenseOp | ConvOp => (op.type === 'dense' || op.type === 'conv') && op.y === norm.x);
    if (found === undefined) throw new RangeError(`layer ${norm.layer}: no product in front of its batch norm`);
    const product = found.bias === undefined ? withBias(found, norm, parameters, tensors) : { ...found, bias: found.bias };
    fold(model, product, norm, tensors);
    ops = ops.filter((op) => op !== norm).map((op): LayerOp => (op === found ? { ...product, y: norm.y } : op));
  }
  const isKept = ({ name }: { name: string }): boolean => tensors.has(name);
  const graph = { ...model.graph, ops, parameters: parameters.filter(isKept), statistics: model.graph.statistics.filter(isKept) };
  return { ...model, graph, tensors };
}

/** The product with a bias of zeros. */
function withBias(product: DenseOp | ConvOp, norm: BatchNormOp, parameters: ModelTensor[], tensors: Map<string, Float32Array>): Product {
  const at = parameters.findIndex(({ name }) => name === product.weight);
  const weight = parameters[at];
  if (weight === undefined) throw new RangeError(`the graph has no tensor ${product.weight}`);
  const [bias, role] = [weight.name, weight.role].map((name) => name.replace(/weight$/, 'bias')) as [string, string];
  parameters.splice(at + 1, 0, { ...weight, name: bias, role, shape: [norm.units], layout: undefined, init: 'bias' });
  tensors.set(bias, new Float32Array(norm.units));
  return { ...product, bias };
}

function fold(model: ExportModel, product: Product, norm: BatchNormOp, tensors: Map<string, Float32Array>): void {
  const [gamma, beta] = [tensorOf(model, norm.weight), tensorOf(model, norm.bias)];
  const [mean, variance] = [tensorOf(model, norm.runningMean), tensorOf(model, norm.runningVar)];
  const [weight, bias] = [tensorOf({ tensors }, product.weight), tensorOf({ tensors }, product.bias)];
  const inputs = weight.length / bias.length;
  const factor = Float64Array.from(gamma, (g, u) => g / Math.sqrt((variance[u] as number) + norm.eps));
  tensors.set(
    product.weight,
    weight.map((w, i) => w * (factor[Math.floor(i / inputs)] as number)),
  );
  tensors.set(
    product.bias,
    bias.map((b, u) => (b - (mean[u] as number)) * (factor[u] as number) + (beta[u] as number)),
  );
  for (const name of [norm.weight, norm.bias, norm.runningMean, norm.runningVar]) tensors.delete(name);
}
