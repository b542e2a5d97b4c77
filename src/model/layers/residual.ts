import type { ResidualConfig } from '../../config/layers/flat-layers.ts';
import { GradloomError } from '../../errors.ts';
import type { GraphBuilder } from '../../graph/graph.ts';
import { equalShapes, type Shape, shapeText } from '../../graph/shape.ts';
import { channelsFirst, type Extent2d } from '../../graph/window.ts';
import { addConv } from './conv.ts';
import type { LayerType } from './layer.ts';
import { addActivation } from './parts/activation.ts';
import { addNorm } from './parts/norm.ts';
import { asPicture, type Picture, pictureShape } from './parts/picture.ts';
import { addSum } from './parts/sum.ts';

/**
 * y = act(x + projection(input)), x what the layers of the block make of its input. The projection is a convolution of 1x1 that brings the
 * input to the shape of x. source: He et al. (2016), equations 1 and 2.
 */
export const residual: LayerType<ResidualConfig> = {
  build(config, x, graph, { from }) {
    const shortcut = shortcutOf(config, graph.inputOf(from), graph.shapeOf(x), graph);
    return addActivation(config.activation, addSum(x, shortcut, graph), graph);
  },
};

function shortcutOf(config: ResidualConfig, input: string, outputs: Shape, graph: GraphBuilder): string {
  const rank = outputs.length;
  if (rank === 1) {
    const inputs = graph.shapeOf(input);
    if (equalShapes(inputs, outputs) && config.projection !== true) return input;
    throw unequal(inputs, outputs, 'give the last dense layer of the block as many units as come in; only pictures are projected', graph);
  }
  const picture = asPicture(input, rank === 3 ? 3 : 2, graph);
  const inputs = pictureShape(picture, picture.height, picture.width, picture.channels);
  const isSame = equalShapes(inputs, outputs);
  if (config.projection === false && !isSame) {
    throw unequal(channelsFirst(inputs), channelsFirst(outputs), 'set projection: auto, which brings the input to that shape', graph);
  }
  return config.projection === true || !isSame ? project(config, picture, outputs, graph) : picture.x;
}

/** A convolution of 1x1 to the shape of the outputs; a norm makes its bias needless. */
function project(config: ResidualConfig, picture: Picture, outputs: Shape, graph: GraphBuilder): string {
  const [height, width] = outputs.length === 3 ? [outputs[0] as number, outputs[1] as number] : [1, outputs[0] as number];
  const stride: Extent2d = [Math.ceil(picture.height / height), Math.ceil(picture.width / width)];
  const fits = (extent: number, step: number, out: number): boolean => Math.floor((extent - 1) / step) + 1 === out;
  if (!fits(picture.height, stride[0], height) || !fits(picture.width, stride[1], width)) {
    const [from, to] = [pictureShape(picture, picture.height, picture.width, picture.channels), outputs].map(channelsFirst) as [
      Shape,
      Shape,
    ];
    throw unequal(from, to, 'no stride of a 1x1 projection leads there: pad the layers of the block, as with padding: same', graph);
  }
  const [filters = 1] = outputs.slice(-1);
  const window = { kernel: [1, 1], stride, dilation: [1, 1], padding: [0, 0] } as const;
  const hasNorm = config.batch_norm !== false;
  const y = addConv({ filters, groups: 1, bias: !hasNorm }, picture, window, 'projection.', graph);
  return addNorm({ batch_norm: config.batch_norm, layer_norm: false }, y, graph, 'projection.');
}

function unequal(inputs: Shape, outputs: Shape, next: string, graph: GraphBuilder): GradloomError {
  return new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: graph.where('projection'),
    message: `residual adds inputs of ${shapeText(inputs)} to outputs of ${shapeText(outputs)}; expected the same shape`,
    next,
  });
}
