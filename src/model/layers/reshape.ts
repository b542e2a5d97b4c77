import type { ReshapeConfig } from '../../config/schema/layers/form.ts';
import { GradloomError } from '../../errors.ts';
import { elements, shapeText } from '../../graph/shape.ts';
import type { LayerType } from './layer.ts';
import { channelsToEnd } from './parts/picture.ts';

/** Numbers as pictures or sequences: torch.nn.Unflatten. */
export const reshape: LayerType<ReshapeConfig> = {
  build({ shape, channels: where }, x, graph) {
    const from = graph.shapeOf(x);
    const isComputed = x !== graph.input && from.length > 1;
    if (elements(from) !== elements(shape) || isComputed) {
      const message = isComputed
        ? `reshape expects single numbers; got pictures of ${shapeText(from)}`
        : `${shapeText(shape)} are ${elements(shape)} values; the samples have ${elements(from)}`;
      const next = isComputed
        ? 'remove it, or put a dense layer before it'
        : 'give extents whose product is the number of values of a sample';
      throw new GradloomError({ code: 'E_CONFIG_VALUE', where: graph.where('shape'), message, next });
    }
    const [channels = 1, ...size] = shape;
    const rank = size.length === 2 ? 3 : 2;
    const [height, width] = rank === 3 ? [size[0] as number, size[1] as number] : [1, size[0] as number];
    const picture = { height, width, channels, rank } as const;
    // Channels that come last stay where they are.
    const extents = where === 'first' ? ([channels, height * width] as const) : ([1, elements(shape)] as const);
    return channelsToEnd(x, picture, extents, graph);
  },
};
