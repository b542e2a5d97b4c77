import { elements, type Shape } from '../../../graph/shape.ts';
import { transpose } from '../../../graph/transpose.ts';
import { floatOf, intOf } from '../attributes.ts';
import type { OnnxNode } from '../proto.ts';
import type { Chain } from './chain.ts';
import type { Form } from './forms.ts';

/**
 * The weight of Gemm or MatMul, [units, inputs].
 *
 * @param form  of the rows that come in; undefined where the file leaves it open
 * @throws GradloomError E_ONNX where it is no dense layer
 */
export function matchDense(chain: Chain, node: OnnxNode, form: Form | undefined): { units: number; inputs: number; weight: Float32Array } {
  const { dims, values } = chain.floats(node, 1);
  const [rows = 0, columns = 0] = dims;
  if (dims.length !== 2 || rows * columns === 0) throw chain.fail(node, `weights of shape [${dims.join(', ')}], expected two dimensions`);
  const isGemm = node.op === 'Gemm';
  const transposed = isGemm && intOf(node, 'transB', 0) !== 0;
  if (isGemm && intOf(node, 'transA', 0) !== 0) throw chain.fail(node, 'transposes its input (transA)');
  for (const factor of ['alpha', 'beta']) {
    if (floatOf(node, factor, 1) !== 1) throw chain.fail(node, `${factor} is ${floatOf(node, factor, 1)}, expected 1`);
  }
  const [units, inputs] = transposed ? [rows, columns] : [columns, rows];
  if (form !== undefined && form.shape.length > 1)
    throw chain.fail(node, `multiplies rows of shape [${form.shape.join(', ')}]; expected flat ones`);
  const before = form?.shape[0];
  if (before !== undefined && before !== inputs) throw chain.fail(node, `weights for ${inputs} inputs, but ${before} come in`);
  const weight = transposed ? values : transpose(values, inputs, units);
  return { units, inputs, weight: form?.flattened === undefined ? weight : channelsFirstColumns(weight, form.flattened) };
}

/** Columns that count a picture place by place, as PyTorch counts them: channel by channel. */
function channelsFirstColumns(weight: Float32Array, [channels = 1, ...places]: Shape): Float32Array {
  const [area, columns] = [elements(places), channels * elements(places)];
  return weight.map((_, i) => {
    const column = i % columns;
    return weight[i - column + (column % area) * channels + Math.floor(column / area)] as number;
  });
}

/**
 * The bias of a product: its own, or a constant that is added behind it.
 *
 * @param shape  of a row that it gives, channels first
 * @returns the tensor behind it; no bias where there is none
 */
export function matchBias(chain: Chain, node: OnnxNode, shape: Shape): { bias: Float32Array | undefined; tensor: string } {
  const [units = 0, ...places] = shape;
  const made = chain.use(node);
  if (node.op !== 'MatMul' && (node.inputs[2] ?? '') !== '') {
    const { dims, values } = chain.floats(node, 2);
    if (values.length !== units || dims.at(-1) !== units)
      throw chain.fail(node, `a bias of shape [${dims.join(', ')}], expected [${units}]`);
    return { bias: values, tensor: made };
  }
  const isBias = (reader: OnnxNode): boolean => {
    const dims = chain.constant(reader.inputs[reader.inputs[0] === made ? 1 : 0])?.dims ?? [];
    const own = [units, ...places.map(() => 1)];
    const isPlaced = own.every((extent, axis) => (dims.at(axis - own.length) ?? 1) === extent);
    return reader.op === 'Add' && chain.otherConstant(reader, made)?.length === units && isPlaced;
  };
  const sum = chain.readersOf(made).find(isBias);
  const bias = sum && chain.otherConstant(sum, made);
  return sum === undefined || bias === undefined ? { bias: undefined, tensor: made } : { bias, tensor: chain.use(sum) };
}
