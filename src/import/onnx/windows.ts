import { intOf, intsOf } from './attributes.ts';
import type { OnnxNode } from './proto.ts';

/** How the window of a node moves; a number an axis of its pictures. */
export interface NodeWindow {
  kernel: number[];
  stride: number[];
  dilation: number[];
  /** Places before the first and behind the last of the input. */
  before: number[];
  behind: number[];
  out: number[];
  /** Places that no window reaches, the padding counted. */
  rest: number[];
}

/** More is no window of a picture. */
const MAX_EXTENT = 2 ** 16;

/**
 * The window of a node Conv, MaxPool or AveragePool. source: the operators' pages of ONNX.
 *
 * @param input   extents of the pictures
 * @param kernel  those of the weights; undefined: the node says them
 * @returns what is wrong with it, if something is
 */
export function windowOf(node: OnnxNode, input: readonly number[], kernel?: readonly number[]): NodeWindow | string {
  const axes = input.length;
  const said = intsOf(node, 'kernel_shape');
  const shape = kernel ?? said;
  if (shape === undefined || (said !== undefined && !said.every((extent, axis) => extent === shape[axis]))) {
    return `kernel_shape is [${said?.join(', ') ?? ''}], expected [${kernel?.join(', ') ?? 'an extent an axis'}]`;
  }
  const ones = input.map(() => 1);
  const [stride, dilation] = [intsOf(node, 'strides') ?? ones, intsOf(node, 'dilations') ?? ones];
  const pads = intsOf(node, 'pads') ?? [...ones, ...ones].map(() => 0);
  const isWhole = (values: readonly number[], count: number, least: number): boolean =>
    values.length === count && values.every((value) => Number.isInteger(value) && value >= least && value <= MAX_EXTENT);
  for (const [name, values] of Object.entries({ kernel_shape: shape, strides: stride, dilations: dilation })) {
    if (!isWhole(values, axes, 1)) return `${name} is [${values.join(', ')}], expected ${axes} whole numbers above 0`;
  }
  if (!isWhole(pads, 2 * axes, 0)) return `pads is [${pads.join(', ')}], expected ${2 * axes} whole numbers of at least 0`;
  const window: NodeWindow = { kernel: [...shape], stride, dilation, before: [], behind: [], out: [], rest: [] };
  const auto = node.attributes.get('auto_pad');
  const mode = auto?.type === 'string' ? auto.value : 'NOTSET';
  for (const [axis, extent] of input.entries()) {
    const [k, s, d] = [shape[axis], stride[axis], dilation[axis]] as [number, number, number];
    const reach = (k - 1) * d + 1;
    let [before, behind] = [pads[axis] as number, pads[axis + axes] as number];
    if (mode === 'VALID') [before, behind] = [0, 0];
    else if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER') {
      const total = Math.max(0, (Math.ceil(extent / s) - 1) * s + reach - extent);
      before = mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      behind = total - before;
    } else if (mode !== 'NOTSET') return `auto_pad is ${mode}`;
    const room = extent + before + behind - reach;
    if (room < 0) return `a kernel of ${k} does not fit into ${extent}`;
    window.before.push(before);
    window.behind.push(behind);
    window.out.push(Math.floor(room / s) + 1);
    window.rest.push(room % s);
  }
  if (intOf(node, 'ceil_mode', 0) !== 0 && window.rest.some((rest) => rest > 0)) return 'ceil_mode: windows that reach beyond the padding';
  return window;
}
