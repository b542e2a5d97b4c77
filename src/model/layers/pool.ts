import { both } from '../../config/schema/layers/extent.ts';
import type { GlobalAvgPoolConfig, Pool1dConfig, Pool2dConfig } from '../../config/schema/layers/pooling.ts';
import { GradloomError } from '../../errors.ts';
import type { GraphBuilder } from '../../graph/graph.ts';
import type { Extent2d, Window } from '../../graph/window.ts';
import type { LayerType } from './layer.ts';
import { alongSequence } from './parts/extents.ts';
import { asPicture, type Picture, pictureShape } from './parts/picture.ts';
import { extentText, placeWindow, type Rest } from './parts/window.ts';

/** torch.nn.MaxPool2d, AvgPool2d. */
export const pool2d: LayerType<Pool2dConfig> = {
  build(config, x, graph) {
    const { kernel, stride = kernel, padding } = config;
    return addPool(config, asPicture(x, 3, graph), { kernel: both(kernel), stride: both(stride), padding: both(padding) }, graph);
  },
};

/** torch.nn.MaxPool1d, AvgPool1d. */
export const pool1d: LayerType<Pool1dConfig> = {
  build(config, x, graph) {
    const { kernel, stride = kernel, padding } = config;
    const window = { kernel: alongSequence(kernel, 1), stride: alongSequence(stride, 1), padding: alongSequence(padding, 0) };
    return addPool(config, asPicture(x, 2, graph), window, graph);
  },
};

/** The mean of each channel: torch.nn.AdaptiveAvgPool2d(1) and Flatten. */
export const globalAvgPool: LayerType<GlobalAvgPoolConfig> = {
  build(_config, x, graph) {
    const rank = graph.shapeOf(x).length === 2 && x !== graph.input ? 2 : 3;
    const picture = asPicture(x, rank, graph);
    const kernel: Extent2d = [picture.height, picture.width];
    const { rest: _rest, ...window } = placeWindow({ kernel, stride: [1, 1], dilation: [1, 1], padding: [0, 0] }, picture, graph);
    return push('avg', picture.x, window, [picture.channels], graph);
  },
};

interface PoolWindow {
  kernel: Extent2d;
  stride: Extent2d;
  padding: Extent2d;
}

/** @throws GradloomError E_CONFIG_VALUE where it would leave out lines that nobody said it may */
function addPool({ type, drop_rest }: Pool1dConfig | Pool2dConfig, picture: Picture, config: PoolWindow, graph: GraphBuilder): string {
  for (const axis of [0, 1] as const) {
    if (2 * config.padding[axis] > config.kernel[axis]) throw tooMuchPadding(config, picture, graph);
  }
  const { rest, ...window } = placeWindow({ ...config, dilation: [1, 1] }, picture, graph);
  if (!drop_rest && (rest.lines > 0 || rest.columns > 0)) throw leavesOut(rest, config, picture, graph);
  const shape = pictureShape(picture, window.outHeight, window.outWidth, picture.channels);
  return push(type === 'max_pool1d' || type === 'max_pool2d' ? 'max' : 'avg', picture.x, window, shape, graph);
}

function push(of: 'max' | 'avg', x: string, window: Window, shape: readonly number[], graph: GraphBuilder): string {
  const y = graph.rows('pool', shape);
  graph.push({ type: 'pool', layer: graph.layer, function: of, x, y, window });
  return y;
}

function tooMuchPadding({ kernel, padding }: PoolWindow, picture: Picture, graph: GraphBuilder): GradloomError {
  return new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: graph.where('padding'),
    message: `a padding of ${extentText(padding, picture)} is more than half a kernel of ${extentText(kernel, picture)}; some windows would see nothing else`,
    next: 'give less padding, or a larger kernel',
  });
}

function leavesOut(rest: Rest, { kernel, stride }: PoolWindow, picture: Picture, graph: GraphBuilder): GradloomError {
  const size: Extent2d = [picture.height, picture.width];
  const [count, what] =
    rest.lines > 0 && picture.rank === 3 ? [rest.lines, 'line'] : [rest.columns, picture.rank === 3 ? 'column' : 'value'];
  const left = count === 1 ? `the last ${what}` : `the last ${count} ${what}s`;
  const windows = `windows of ${extentText(kernel, picture)}, ${extentText(stride, picture)} apart`;
  return new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: graph.where(),
    message: `${graph.type} leaves out ${left} of ${extentText(size, picture)}: ${windows}, do not cover it`,
    next: 'set drop_rest: true to leave it out, as PyTorch does unasked, or give a kernel, stride or padding that fits',
  });
}
