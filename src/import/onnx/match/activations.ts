import type { ActivationConfig } from '../../../config/schema/layers/activation.ts';
import { floatOf } from '../attributes.ts';
import type { OnnxNode } from '../proto.ts';
import type { Chain } from './chain.ts';

/** An activation, and what it gives. */
interface Match {
  config: ActivationConfig;
  tensor: string;
  /** Where it is one. */
  node?: OnnxNode;
}

/** How far a constant of f32 may lie from what it stands for. */
const NEAR = 1e-6;

/** The activation that reads a tensor, if one does. @throws GradloomError E_ONNX where it is one of another form */
export function matchActivation(chain: Chain, x: string): Match | undefined {
  const node = chain.reader(x, 'Relu', 'LeakyRelu', 'Sigmoid', 'Tanh', 'Gelu');
  if (node === undefined) return matchGelu(chain, x);
  const config = configOf(chain, node);
  return { config, tensor: chain.use(node), node };
}

function configOf(chain: Chain, node: OnnxNode): ActivationConfig {
  switch (node.op) {
    case 'Relu':
      return { type: 'relu' };
    case 'LeakyRelu': {
      const slope = floatOf(node, 'alpha', 0.01);
      if (!(slope >= 0 && slope <= 1)) throw chain.fail(node, `alpha is ${slope}, expected 0 to 1`);
      return { type: 'leaky_relu', slope };
    }
    case 'Sigmoid':
      return { type: 'sigmoid' };
    case 'Tanh':
      return { type: 'tanh' };
    default: {
      const form = node.attributes.get('approximate');
      if (form?.type === 'string' && form.value !== 'none')
        throw chain.fail(node, `approximate: ${form.value}; gradloom's gelu is the form with erf`);
      return { type: 'gelu' };
    }
  }
}

/** 0.5 x (1 + erf(x / sqrt 2)) in any order of its products, as exporters write it before opset 20. */
function matchGelu(chain: Chain, x: string): Match | undefined {
  const scaled = chain.readersOf(x).find((node) => isTimes(chain, node, x, Math.SQRT1_2));
  const erf = scaled && chain.reader(scaled.outputs[0] as string, 'Erf');
  const error = erf?.outputs[0] as string;
  const sum = erf && chain.readersOf(error).find((node) => node.op === 'Add' && isNear(chain.otherConstant(node, error), 1));
  if (scaled === undefined || erf === undefined || sum === undefined) return undefined;
  // What is left are two products of x, 1 + erf and 0.5.
  const cdf = sum.outputs[0] as string;
  const half = [x, cdf].flatMap((name) => chain.readersOf(name).filter((node) => isTimes(chain, node, name, 0.5)))[0];
  const product = chain.readersOf(cdf).find(({ op, inputs }) => op === 'Mul' && inputs.includes(x));
  const nodes = half === undefined ? halvedLast(chain, product) : halvedFirst(chain, half, x, cdf);
  if (nodes === undefined) throw chain.fail(sum, 'looks like gelu, but is not 0.5 x (1 + erf(x / sqrt 2))');
  for (const node of [scaled, erf, sum, ...nodes]) chain.use(node);
  return { config: { type: 'gelu' }, tensor: nodes.at(-1)?.outputs[0] as string };
}

/** (x (1 + erf)) 0.5 */
function halvedLast(chain: Chain, product: OnnxNode | undefined): OnnxNode[] | undefined {
  const name = product?.outputs[0] as string;
  const half = product && chain.readersOf(name).find((node) => isTimes(chain, node, name, 0.5));
  return product === undefined || half === undefined ? undefined : [product, half];
}

/** (0.5 x) (1 + erf), or x (0.5 (1 + erf)) */
function halvedFirst(chain: Chain, half: OnnxNode, x: string, cdf: string): OnnxNode[] | undefined {
  const other = half.inputs.includes(x) ? cdf : x;
  const product = chain.readersOf(half.outputs[0] as string).find(({ op, inputs }) => op === 'Mul' && inputs.includes(other));
  return product === undefined ? undefined : [half, product];
}

/** Whether a node multiplies a tensor by a number, or divides it by the reciprocal. */
function isTimes(chain: Chain, node: OnnxNode, tensor: string, factor: number): boolean {
  if (node.op === 'Mul') return isNear(chain.otherConstant(node, tensor), factor);
  return node.op === 'Div' && node.inputs[0] === tensor && isNear(chain.otherConstant(node, tensor), 1 / factor);
}

function isNear(values: Float32Array | undefined, wanted: number): boolean {
  return values?.length === 1 && Math.abs((values[0] as number) - wanted) <= NEAR * wanted;
}
