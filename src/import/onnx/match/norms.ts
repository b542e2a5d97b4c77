import { elements, equalShapes, type Shape } from '../../../graph/shape.ts';
import { floatOf, intOf } from '../attributes.ts';
import type { OnnxNode } from '../proto.ts';
import type { Chain } from './chain.ts';

/** A norm's keys in a layer, and its tensors by their role there. */
export interface NormMatch {
  keys: { batch_norm: { eps: number; momentum: number } } | { layer_norm: { eps: number } };
  tensors: { role: string; shape: number[]; values: Float32Array }[];
}

/**
 * A norm of rows.
 *
 * @param shape  of a row, channels first
 * @throws GradloomError E_ONNX where it is none of gradloom's
 */
export function matchNorm(chain: Chain, node: OnnxNode, shape: Shape): NormMatch {
  const eps = floatOf(node, 'epsilon', 1e-5);
  const isBatch = node.op === 'BatchNormalization';
  const units = isBatch ? shape.slice(0, 1) : [...shape];
  if (isBatch && intOf(node, 'training_mode', 0) !== 0) {
    throw chain.fail(node, 'normalises by the batch (training_mode)', 'export the model in evaluation mode');
  }
  if (!isBatch) {
    const axis = intOf(node, 'axis', -1);
    if (axis !== 1 && axis !== -shape.length) throw chain.fail(node, `axis ${axis}, expected ${-shape.length}`);
  }
  const roles = isBatch ? ['weight', 'bias', 'running_mean', 'running_var'] : ['weight', 'bias'];
  const tensors = roles.map((role, i) => {
    const isLeftOut = role === 'bias' && !isBatch && (node.inputs[2] ?? '') === '';
    const { dims, values } = isLeftOut ? { dims: units, values: new Float32Array(elements(units)) } : chain.floats(node, i + 1);
    if (values.length !== elements(units)) throw chain.fail(node, `${values.length} values of ${role} for ${elements(units)} units`);
    if (!equalShapes(dims, units)) throw chain.fail(node, `${role} of shape [${dims.join(', ')}], expected [${units.join(', ')}]`);
    if (role === 'running_var' && values.some((value) => value < 0)) throw chain.fail(node, 'a negative variance');
    return { role: `norm.${role}`, shape: [...units], values };
  });
  // ONNX's momentum is the part of the old statistic that is kept.
  return { keys: isBatch ? { batch_norm: { eps, momentum: 1 - floatOf(node, 'momentum', 0.9) } } : { layer_norm: { eps } }, tensors };
}
