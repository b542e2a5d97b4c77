import type { ActivationConfig } from '../../config/schema/layers/activation.ts';
import { type Graph, type GraphLayer, rowShape } from '../../graph/graph.ts';
import type { LayerOp } from '../../graph/op.ts';
import type { ConvOp } from '../../graph/ops/conv.ts';
import type { PoolOp } from '../../graph/ops/pool.ts';
import type { SwapAxesOp } from '../../graph/ops/swap-axes.ts';
import { elements, equalShapes } from '../../graph/shape.ts';
import { channelsFirst } from '../../graph/window.ts';
import { outsideShape } from '../model.ts';
import { isSequence, paddingBehind } from '../windows.ts';

/** A class that a program defines, where its layers are of it. */
export type ClassName = 'Dense' | 'Conv1d' | 'Conv2d' | 'Residual' | 'FromChannelsLast';

/** The layers of a program as calls that make them, and the classes which they are of. */
export function layerCalls(graph: Graph): { calls: string[]; classes: ReadonlySet<ClassName> } {
  const classes = new Set<ClassName>();
  return { calls: graph.layers.map((layer) => layerCall(graph, layer, classes)), classes };
}

function layerCall(graph: Graph, layer: GraphLayer, classes: Set<ClassName>): string {
  const ops = graph.ops.filter((op) => op.layer === layer.index);
  const call = (name: ClassName, parts: readonly string[]): string => {
    classes.add(name);
    return `${name}(${parts.join(', ')})`;
  };
  if (layer.type === 'flatten') return 'nn.Flatten()';
  if (layer.type === 'residual') return call('Residual', residualParts(graph, ops, call));
  // In front of any other layer an input is only seen as pictures.
  const op = ops.find(({ type }) => layer.type === 'reshape' || type !== 'swap_axes');
  switch (op?.type) {
    case 'dense': {
      const [inputs, units] = [op.x, op.y].map((name) => String(elements(rowShape(graph, name))));
      return call('Dense', [inputs as string, units as string, ...restParts(graph, ops)]);
    }
    case 'conv':
      return call(convName(graph, op), [...convParts(graph, op), ...restParts(graph, ops)]);
    case 'pool':
      return poolCall(graph, op);
    case 'swap_axes':
      return unflattened(graph, op, call);
    default:
      throw new RangeError(`layer ${layer.index}: no form in PyTorch for ${layer.type}`);
  }
}

type Call = (name: ClassName, parts: readonly string[]) => string;

/** norm, activation, dropout and residual of a layer. */
function restParts(graph: Graph, ops: readonly LayerOp[]): string[] {
  return ops.map((op) => restPart(graph, op)).filter((part) => part !== undefined);
}

function restPart(graph: Graph, op: LayerOp): string | undefined {
  const shape = outsideShape(graph, op.y);
  const dimensions = shape.length === 3 ? '2d' : '1d';
  switch (op.type) {
    case 'batch_norm':
      return `norm=nn.BatchNorm${dimensions}(${op.units}, eps=${op.eps}, momentum=${op.momentum})`;
    case 'layer_norm':
      return `norm=nn.LayerNorm(${shape.length === 1 ? shape[0] : list(shape)}, eps=${op.eps})`;
    case 'activation':
      return `activation=${activationText(op.function)}`;
    case 'dropout':
      return `dropout=nn.Dropout${op.channels === undefined ? '' : dimensions}(${op.p})`;
    case 'add':
      return 'residual=True';
    case 'dense':
    case 'conv':
    case 'pool':
    case 'swap_axes':
      return undefined;
  }
}

/** Where the block begins, the projection, and the activation of the sum. */
function residualParts(graph: Graph, ops: readonly LayerOp[], call: Call): string[] {
  const own = new Map(ops.map((op) => [op.y, op]));
  const sum = ops.find((op) => op.type === 'add');
  if (sum === undefined) throw new RangeError('a residual without its sum');
  let input = sum.other;
  for (let op = own.get(input); op !== undefined; op = own.get(input)) input = op.x;
  const begin = graph.layers.find(({ x }) => x === input)?.index ?? 0;
  const isShortcut = (op: LayerOp): boolean => op !== sum && op.type !== 'activation';
  const projection = ops.find((op) => op.type === 'conv');
  const shortcut =
    projection === undefined
      ? []
      : [`projection=${call(convName(graph, projection), [...convParts(graph, projection), ...restParts(graph, ops.filter(isShortcut))])}`];
  return [
    String(begin),
    ...shortcut,
    ...restParts(
      graph,
      ops.filter((op) => op.type === 'activation'),
    ),
  ];
}

const convName = (graph: Graph, op: ConvOp): 'Conv1d' | 'Conv2d' => (isSequence(graph, op) ? 'Conv1d' : 'Conv2d');

function convParts(graph: Graph, op: ConvOp): string[] {
  const { window, filters, groups, bias } = op;
  const { channels, kernel, stride, dilation, padding } = window;
  const extents = (values: readonly [number, number]): string => extentsText(isSequence(graph, op), values);
  const isEven = equalShapes(padding, paddingBehind(window));
  return [
    String(channels),
    String(filters),
    extents(kernel),
    ...(stride.every((step) => step === 1) ? [] : [`stride=${extents(stride)}`]),
    ...(isEven ? (padding.every((lines) => lines === 0) ? [] : [`padding=${extents(padding)}`]) : ['padding="same"']),
    ...(dilation.every((step) => step === 1) ? [] : [`dilation=${extents(dilation)}`]),
    ...(groups === 1 ? [] : [`groups=${groups}`]),
    ...(bias === undefined ? ['bias=False'] : []),
  ];
}

function poolCall(graph: Graph, op: PoolOp): string {
  const along = isSequence(graph, op);
  const dimensions = along ? 1 : 2;
  if (rowShape(graph, op.y).length === 1) return `nn.Sequential(nn.AdaptiveAvgPool${dimensions}d(1), nn.Flatten())`;
  const { kernel, stride, padding } = op.window;
  const extents = (values: readonly [number, number]): string => extentsText(along, values);
  const padded = padding.every((lines) => lines === 0) ? '' : `, padding=${extents(padding)}`;
  return `nn.${op.function === 'max' ? 'Max' : 'Avg'}Pool${dimensions}d(${extents(kernel)}, stride=${extents(stride)}${padded})`;
}

function unflattened(graph: Graph, { y, extents }: SwapAxesOp, call: Call): string {
  const shape = rowShape(graph, y);
  const [channels] = channelsFirst(shape);
  return extents[0] === channels ? `nn.Unflatten(1, ${tuple(channelsFirst(shape))})` : call('FromChannelsLast', ['1', tuple(shape)]);
}

const extentsText = (along: boolean, [height, width]: readonly [number, number]): string =>
  along || height === width ? String(width) : tuple([height, width]);
const tuple = (values: readonly number[]): string => `(${values.join(', ')})`;
const list = (values: readonly number[]): string => `[${values.join(', ')}]`;

function activationText(act: Exclude<ActivationConfig, { type: 'identity' }>): string {
  switch (act.type) {
    case 'relu':
      return 'nn.ReLU()';
    case 'leaky_relu':
      return `nn.LeakyReLU(${act.slope})`;
    case 'sigmoid':
      return 'nn.Sigmoid()';
    case 'tanh':
      return 'nn.Tanh()';
    case 'gelu':
      return 'nn.GELU()';
  }
}
