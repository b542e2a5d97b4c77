import { elements, type Shape } from '../../../graph/shape.ts';
import { axesOf, intOf } from '../attributes.ts';
import type { OnnxNode } from '../proto.ts';
import { type NodeWindow, windowOf } from '../windows.ts';
import type { Chain } from './chain.ts';
import type { Extents, ImportedConv, ImportedPool } from './layer-types.ts';

/** Operators that look through windows. */
export const POOLS = ['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'ReduceMean'];

/** A layer of windows, and the shape of a row that comes out, channels first. */
interface Matched<L> {
  layer: L;
  shape: number[];
}

/**
 * A convolution, without what follows it.
 *
 * @param shape  of a row that comes in, channels first
 * @throws GradloomError E_ONNX where it is none of gradloom's
 */
export function matchConv(
  chain: Chain,
  node: OnnxNode,
  shape: Shape | undefined,
): Matched<ImportedConv> & { weight: { shape: number[]; values: Float32Array } } {
  const { channels, places } = pictureOf(chain, node, shape);
  const { dims, values } = chain.floats(node, 1);
  const [filters = 0, own = 0, ...kernel] = dims;
  const groups = intOf(node, 'group', 1);
  if (kernel.length !== places.length || elements(dims) === 0 || own * groups !== channels || filters % groups !== 0) {
    const message = `weights of shape [${dims.join(', ')}] in ${groups} groups for pictures of [${[channels, ...places].join(', ')}]`;
    throw chain.fail(node, message);
  }
  const window = windowIn(chain, node, places, kernel);
  const { stride, dilation } = window;
  const same = sameWindow(window, places);
  const padding = same ? 'same' : evenPadding(chain, node, window, places);
  return {
    layer: {
      type: places.length === 1 ? 'conv1d' : 'conv2d',
      filters,
      kernel: extents(kernel),
      ...unless(1, 'stride', stride),
      ...(padding === 'same' ? { padding } : unless(0, 'padding', padding)),
      ...unless(1, 'dilation', dilation),
      ...(groups !== 1 && { groups }),
    },
    shape: [filters, ...window.out],
    weight: { shape: [...dims], values },
  };
}

/** A pool, or a mean or maximum over all places. @throws GradloomError E_ONNX where it is none of gradloom's */
export function matchPool(chain: Chain, node: OnnxNode, shape: Shape | undefined): Matched<ImportedPool | { type: 'global_avg_pool' }> {
  const { channels, places } = pictureOf(chain, node, shape);
  if (node.op === 'ReduceMean') checkAxes(chain, node, places.length);
  if (node.op === 'GlobalAveragePool' || node.op === 'ReduceMean') return { layer: { type: 'global_avg_pool' }, shape: [channels] };
  const dimensions = places.length === 1 ? '1d' : '2d';
  if (node.op === 'GlobalMaxPool') {
    return { layer: { type: `max_pool${dimensions}`, kernel: extents(places) }, shape: [channels, ...places.map(() => 1)] };
  }
  if ((node.outputs[1] ?? '') !== '') throw chain.fail(node, 'gives the places of the largest values too');
  const window = windowIn(chain, node, places);
  const { kernel, stride, dilation, out } = window;
  if (dilation.some((step) => step !== 1)) throw chain.fail(node, `dilations is [${dilation.join(', ')}], expected 1`);
  const padding = evenPadding(chain, node, window, places);
  if (padding.some((lines, axis) => 2 * lines > (kernel[axis] as number))) {
    throw chain.fail(node, `pads ${padding.join(' and ')} lines, more than half of its kernel of [${kernel.join(', ')}]`);
  }
  const isMean = node.op === 'AveragePool';
  if (isMean && padding.some((lines) => lines > 0) && intOf(node, 'count_include_pad', 0) === 0) {
    throw chain.fail(node, 'leaves its padding out of the means (count_include_pad 0); gradloom counts it');
  }
  const rest = places.map((extent, axis) => {
    return (extent + 2 * (padding[axis] as number) - (kernel[axis] as number)) % (stride[axis] as number);
  });
  const isApart = stride.some((step, axis) => step !== kernel[axis]);
  return {
    layer: {
      type: `${isMean ? 'avg' : 'max'}_pool${dimensions}`,
      kernel: extents(kernel),
      ...(isApart && { stride: extents(stride) }),
      ...unless(0, 'padding', padding),
      ...(rest.some((lines) => lines > 0) && { drop_rest: true }),
    },
    shape: [channels, ...out],
  };
}

function pictureOf(chain: Chain, node: OnnxNode, shape: Shape | undefined): { channels: number; places: number[] } {
  const [channels, ...places] = shape ?? [];
  if (channels !== undefined && (places.length === 1 || places.length === 2)) return { channels, places };
  const found = shape === undefined ? 'an input of open extents' : `rows of shape [${shape.join(', ')}]`;
  throw chain.fail(node, `${found}; expected pictures [C, H, W] or sequences [C, L]`, 'export it with a fixed input shape');
}

function windowIn(chain: Chain, node: OnnxNode, places: readonly number[], kernel?: readonly number[]): NodeWindow {
  const window = windowOf(node, places, kernel);
  if (typeof window === 'string') throw chain.fail(node, window);
  return window;
}

/** Whether it keeps the extents as `padding: same` does, with an odd line behind. */
function sameWindow({ kernel, stride, dilation, before, behind, out }: NodeWindow, places: readonly number[]): boolean {
  const isPadded = places.every((extent, axis) => {
    const total = ((kernel[axis] as number) - 1) * (dilation[axis] as number);
    const fits = before[axis] === Math.floor(total / 2) && behind[axis] === Math.ceil(total / 2);
    return stride[axis] === 1 && out[axis] === extent && fits;
  });
  return isPadded && kernel.some((extent) => extent > 1);
}

/** As many lines before as behind, as far as windows reach. */
function evenPadding(
  chain: Chain,
  node: OnnxNode,
  { kernel, stride, dilation, before, behind, out }: NodeWindow,
  places: readonly number[],
): number[] {
  const uneven = places.findIndex((extent, axis) => {
    const reach = ((kernel[axis] as number) - 1) * (dilation[axis] as number) + 1;
    const room = extent + 2 * (before[axis] as number) - reach;
    return Math.floor(room / (stride[axis] as number)) + 1 !== out[axis];
  });
  if (uneven >= 0) {
    throw chain.fail(
      node,
      `pads ${before[uneven]} before and ${behind[uneven]} behind; expected as many on both sides, or with stride 1 what keeps the extents`,
    );
  }
  return before;
}

/** All places, and nothing else. */
function checkAxes(chain: Chain, node: OnnxNode, places: number): void {
  const axes = new Set(axesOf(node, chain.constant(node.inputs[1]), places + 2));
  const isAll = axes.size === places && Array.from({ length: places }, (_, i) => i + 2).every((axis) => axes.has(axis));
  if (!isAll) throw chain.fail(node, 'a mean over other axes than all places of a channel');
}

/** One number where all axes have the same. */
function extents(values: readonly number[]): Extents {
  const [first = 1] = values;
  return values.every((value) => value === first) ? first : [...values];
}

/** A key, where it is not its default. */
function unless<K extends string>(usual: number, key: K, values: readonly number[]): { [k in K]?: Extents } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object of one computed key
  return (values.every((value) => value === usual) ? {} : { [key]: extents(values) }) as { [k in K]?: Extents };
}
