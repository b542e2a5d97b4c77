import { elements } from '../../../graph/shape.ts';
import { intOf } from '../attributes.ts';
import { DATA_TYPES, type OnnxNode } from '../proto.ts';
import { repeatedAt } from '../repeat.ts';
import type { Chain } from './chain.ts';
import { POOLS } from './pictures.ts';

/** What comes in, and what is done to it before the first layer: (x - center) / scale. */
export interface InputScaling {
  /** Of one row; empty where the file leaves it open. */
  shape: number[];
  /** Numbers of a row, where they are known. */
  features: number | undefined;
  /** [features], or one value for all; undefined where nothing is subtracted or divided. */
  center: Float32Array | undefined;
  scale: Float32Array | undefined;
}

/** Operators that begin a layer. */
const LAYERS = ['Gemm', 'MatMul', 'Conv', ...POOLS];

/** As the file of an image of 4 million pixels. */
const MAX_FEATURES = 2 ** 24;
const PLAIN = ['Flatten', 'Reshape', 'Identity', 'Cast'];
const SCALES = ['Sub', 'Add', 'Div', 'Mul'];

/**
 * Follows the input to the first layer, or to where it takes the form of pictures.
 *
 * @returns the tensor that is read there, and whether it is flat
 * @throws GradloomError E_ONNX for more than one input, and for what is no normalisation by constants
 */
export function matchInput(chain: Chain): { tensor: string; isFlat: boolean; input: InputScaling } {
  const [input, second] = chain.model.inputs;
  if (input === undefined || second !== undefined || input.type !== 'float') {
    throw chain.fail(undefined, `${chain.model.inputs.length} inputs, expected one of floats`, 'export a model that takes one tensor');
  }
  const shape = input.dims.slice(1);
  const isFixed = shape.length > 0 && shape.every((extent) => typeof extent === 'number');
  const fixed = isFixed ? shape : [];
  const features = isFixed ? elements(fixed) : undefined;
  if (features !== undefined && !(features >= 1 && features <= MAX_FEATURES)) {
    throw chain.fail(
      undefined,
      `input ${input.name} has the shape [${input.dims.join(', ')}]; expected 1 to ${MAX_FEATURES} numbers a row`,
    );
  }
  const result: InputScaling = { shape: fixed, features, center: undefined, scale: undefined };
  let tensor = input.name;
  let isFlat = fixed.length === 1;
  for (;;) {
    const node = chain.readersOf(tensor).find((reader) => isPlain(chain, reader) || SCALES.includes(reader.op));
    if (node === undefined || chain.reader(tensor, ...LAYERS) !== undefined) return { tensor, isFlat, input: result };
    if (SCALES.includes(node.op)) scaleBy(chain, node, tensor, result);
    else {
      checkReshape(chain, node, tensor);
      isFlat ||= node.op === 'Flatten' || node.op === 'Reshape';
    }
    tensor = chain.use(node);
  }
}

/** Changes no number, and gives rows no form beyond a list of numbers. */
function isPlain(chain: Chain, node: OnnxNode): boolean {
  const shape = node.op === 'Reshape' ? chain.constant(node.inputs[1])?.values : undefined;
  return PLAIN.includes(node.op) && (shape === undefined || shape.length <= 2);
}

/** A row stays a row. */
function checkReshape(chain: Chain, node: OnnxNode, tensor: string): void {
  if (node.inputs[0] !== tensor) throw chain.fail(node, `uses ${tensor} as a shape`);
  if (node.op === 'Cast' && intOf(node, 'to', DATA_TYPES.float) !== DATA_TYPES.float)
    throw chain.fail(node, 'casts to other numbers than float');
  if (node.op === 'Flatten' && intOf(node, 'axis', 1) !== 1) throw chain.fail(node, `axis ${intOf(node, 'axis', 1)}, expected 1`);
  if (node.op !== 'Reshape') return;
  const wanted = chain.constant(node.inputs[1])?.values;
  if (wanted === undefined || wanted.length !== 2 || !(wanted[0] === 0 || wanted[0] === -1 || wanted[1] === -1)) {
    throw chain.fail(node, 'reshapes to something else than [rows, features]');
  }
}

function scaleBy(chain: Chain, node: OnnxNode, tensor: string, input: InputScaling): void {
  const constant = chain.otherConstant(node, tensor);
  if (constant === undefined || (node.inputs[0] !== tensor && (node.op === 'Sub' || node.op === 'Div'))) {
    throw chain.fail(node, 'no normalisation by constants; expected (x - center) / scale');
  }
  const other = node.inputs[0] === tensor ? node.inputs[1] : node.inputs[0];
  const values = spread(chain, node, constant, chain.constant(other)?.dims ?? [], input);
  if (node.op === 'Sub' || node.op === 'Add') {
    if (input.center !== undefined || input.scale !== undefined) throw chain.fail(node, 'a second step; expected (x - center) / scale');
    input.center = node.op === 'Sub' ? values : values.map((value) => -value);
  } else {
    if (input.scale !== undefined) throw chain.fail(node, 'a second step; expected (x - center) / scale');
    input.scale = node.op === 'Div' ? values : values.map((value) => 1 / value);
    if (!input.scale.every((value) => value > 0 && Number.isFinite(value)))
      throw chain.fail(node, 'scales by a number that is not above 0');
  }
}

/** One value for all, or one a feature: numpy's broadcasting to [1, ...shape]. */
function spread(
  chain: Chain,
  node: OnnxNode,
  values: Float32Array,
  dims: readonly number[],
  { shape, features }: InputScaling,
): Float32Array {
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw chain.fail(node, `a constant of ${bad}`);
  if (values.length === 1) return values;
  const own = dims.length > shape.length ? dims.slice(dims.length - shape.length) : dims;
  const padded = [...Array<number>(Math.max(0, shape.length - own.length)).fill(1), ...own];
  const fits =
    features !== undefined && elements(padded) === values.length && padded.every((extent, i) => extent === 1 || extent === shape[i]);
  if (!fits) throw chain.fail(node, `a constant of shape [${dims.join(', ')}] for rows of shape [${shape.join(', ') || '?'}]`);
  return Float32Array.from({ length: features }, (_, index) => values[repeatedAt(padded, shape, index)] as number);
}
