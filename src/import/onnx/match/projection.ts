import { equalShapes, type Shape } from '../../../graph/shape.ts';
import type { OnnxNode } from '../proto.ts';
import { windowOf } from '../windows.ts';
import type { Chain } from './chain.ts';
import type { NormMatch } from './norms.ts';
import { matchNorm } from './norms.ts';
import { matchConv } from './pictures.ts';
import { matchBias } from './products.ts';

/**
 * The convolution of 1x1, and the batch norm behind it, through which the input of a block comes to the shape of what its layers give.
 *
 * @param from  shape of a row of the input, channels first
 * @param to    of what the layers give
 * @throws GradloomError E_ONNX where it is not what gradloom takes to get there
 */
export function matchProjection(
  chain: Chain,
  node: OnnxNode,
  from: Shape | undefined,
  to: Shape,
): { batchNorm: { eps: number; momentum: number } | undefined; tensors: NormMatch['tensors'] } {
  const { layer, shape, weight } = matchConv(chain, node, from);
  const window = windowOf(node, (from ?? []).slice(1), weight.shape.slice(2));
  if (typeof window === 'string') throw chain.fail(node, window);
  // With one output all strides come to the same.
  const isOurs = window.out.every((out, axis) => out === 1 || window.stride[axis] === Math.ceil((from?.[axis + 1] ?? 0) / out));
  if (!equalShapes(shape, to) || !isOurs || layer.groups !== undefined || layer.padding !== undefined) {
    const text = (extents: Shape): string => `[${extents.join(', ')}]`;
    throw chain.fail(node, `is no projection of ${text(from ?? [])} to ${text(to)}: stride ${text(window.stride)} gives ${text(shape)}`);
  }
  const { bias, tensor } = matchBias(chain, node, shape);
  const weights = { role: 'weight', shape: weight.shape, values: weight.values };
  const norm = chain.reader(tensor, 'BatchNormalization');
  if (norm === undefined) {
    const values = bias ?? new Float32Array(layer.filters);
    return { batchNorm: undefined, tensors: [weights, { role: 'bias', shape: [layer.filters], values }] };
  }
  const { keys, tensors } = matchNorm(chain, norm, shape);
  chain.use(norm);
  // A norm takes the place of a bias, which only moves its mean.
  const centred = tensors.map((one) =>
    one.role === 'norm.running_mean' && bias !== undefined
      ? { ...one, values: one.values.map((mean, f) => mean - (bias[f] as number)) }
      : one,
  );
  return { batchNorm: 'batch_norm' in keys ? keys.batch_norm : undefined, tensors: [weights, ...centred] };
}
