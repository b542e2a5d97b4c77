import type { Conv1dConfig, Conv2dConfig } from '../../config/schema/layers/convolution.ts';
import { both } from '../../config/schema/layers/extent.ts';
import { GradloomError } from '../../errors.ts';
import type { GraphBuilder } from '../../graph/graph.ts';
import { channelsLast } from '../../graph/layout.ts';
import type { Extent2d } from '../../graph/window.ts';
import type { LayerType } from './layer.ts';
import { addActivation } from './parts/activation.ts';
import { addChannelDropout, addDropout } from './parts/dropout.ts';
import { alongSequence } from './parts/extents.ts';
import { addNorm } from './parts/norm.ts';
import { asPicture, type Picture, pictureShape } from './parts/picture.ts';
import { addInput } from './parts/sum.ts';
import { placeWindow, type WindowConfig } from './parts/window.ts';

/** y = dropout(act(norm(x * W + b))) [+ x], W [filters, in / groups, kh, kw]: torch.nn.Conv2d, then what the config adds, in this order. */
export const conv2d: LayerType<Conv2dConfig> = {
  build(config, x, graph) {
    const { kernel, stride, dilation, padding } = config;
    const window = { kernel: both(kernel), stride: both(stride), dilation: both(dilation), padding: paddingOf(padding, both) };
    return withRest(config, asPicture(x, 3, graph), window, { key: 'dropout2d', p: config.dropout2d }, graph);
  },
};

/** The same over sequences, W [filters, in / groups, k]: torch.nn.Conv1d. */
export const conv1d: LayerType<Conv1dConfig> = {
  build(config, x, graph) {
    const { kernel, stride, dilation, padding } = config;
    const window = {
      kernel: alongSequence(kernel, 1),
      stride: alongSequence(stride, 1),
      dilation: alongSequence(dilation, 1),
      padding: paddingOf(padding, (columns) => alongSequence(columns, 0)),
    };
    return withRest(config, asPicture(x, 2, graph), window, { key: 'dropout1d', p: config.dropout1d }, graph);
  },
};

type ConvConfig = Conv1dConfig | Conv2dConfig;

interface ChannelDropout {
  key: 'dropout1d' | 'dropout2d';
  p: number;
}

function paddingOf<T extends number | readonly [number, number]>(
  padding: 'same' | 'valid' | T,
  extents: (padding: T | 0) => Extent2d,
): WindowConfig['padding'] {
  if (padding === 'same') return padding;
  return extents(padding === 'valid' ? 0 : padding);
}

function withRest(config: ConvConfig, picture: Picture, window: WindowConfig, channelDropout: ChannelDropout, graph: GraphBuilder): string {
  const sums = addConv(config, picture, window, '', graph);
  const normalised = addNorm(config, sums, graph);
  const activated = addActivation(config.activation, normalised, graph);
  const dropped = addDropout(
    config.dropout,
    addChannelDropout(channelDropout.key, channelDropout.p, config.dropout, activated, graph),
    graph,
  );
  return config.residual
    ? addInput(dropped, picture.x, pictureShape(picture, picture.height, picture.width, picture.channels), graph)
    : dropped;
}

/**
 * x * W [+ b].
 *
 * @param prefix  of the names of its tensors: `projection.`
 * @throws GradloomError E_CONFIG_VALUE where groups do not divide the channels or the filters
 */
export function addConv(
  { filters, groups, bias: hasBias }: Pick<ConvConfig, 'filters' | 'groups' | 'bias'>,
  picture: Picture,
  config: WindowConfig,
  prefix: '' | 'projection.',
  graph: GraphBuilder,
): string {
  const { rest: _rest, ...window } = placeWindow(config, picture, graph);
  const { channels } = picture;
  if (channels % groups !== 0 || filters % groups !== 0) {
    const [what, count] = channels % groups === 0 ? ['filters', filters] : ['channels', channels];
    throw new GradloomError({
      code: 'E_CONFIG_VALUE',
      where: graph.where('groups'),
      message: `${groups} groups do not divide ${count} ${what}; expected a divisor of ${channels} channels and ${filters} filters`,
      next: 'give groups that divide both; groups equal to the channels is a depthwise convolution',
    });
  }
  const own = channels / groups;
  const taps = config.kernel[0] * config.kernel[1];
  const fans = { fanIn: own * taps, fanOut: filters * taps };
  const shape = [filters, own, ...(picture.rank === 3 ? config.kernel : config.kernel.slice(1))];
  const weight = graph.parameter({ role: `${prefix}weight`, shape, layout: channelsLast(shape, true), init: 'weight', ...fans });
  const bias = hasBias ? graph.parameter({ role: `${prefix}bias`, shape: [filters], layout: undefined, init: 'bias', ...fans }) : undefined;
  const y = graph.rows(`${prefix}product`, pictureShape(picture, window.outHeight, window.outWidth, filters));
  graph.push({ type: 'conv', layer: graph.layer, x: picture.x, weight, bias, y, window, filters, groups });
  return y;
}
