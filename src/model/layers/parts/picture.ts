import { GradloomError } from '../../../errors.ts';
import type { GraphBuilder } from '../../../graph/graph.ts';
import { shapeText } from '../../../graph/shape.ts';

/** What a layer of windows sees: pictures, or sequences as pictures of height 1. */
export interface Picture {
  /** A tensor of rows with its channels last. */
  x: string;
  height: number;
  width: number;
  channels: number;
  /** A computed picture is [H, W, C], a sequence [L, C]. */
  rank: 2 | 3;
}

/**
 * What comes in as pictures (rank 3) or sequences (rank 2). The network's input has its channels first, as data have them: several channels
 * are brought to the end.
 *
 * @throws GradloomError E_CONFIG_VALUE where it is neither
 */
export function asPicture(x: string, rank: 2 | 3, graph: GraphBuilder): Picture {
  const shape = graph.shapeOf(x);
  const isInput = x === graph.input;
  // One channel need not be told: [H, W], [L].
  const extents = isInput && shape.length === rank - 1 ? [1, ...shape] : shape;
  if (extents.length !== rank || graph.isFlat(x)) throw noPicture(shape, rank, isInput, graph);
  const [channels = 1, ...size] = isInput ? extents : [...extents.slice(-1), ...extents.slice(0, -1)];
  const [height, width] = rank === 3 ? [size[0] as number, size[1] as number] : [1, size[0] as number];
  const picture = { height, width, channels, rank };
  return { ...picture, x: isInput && channels > 1 ? channelsToEnd(x, picture, [channels, height * width], graph) : x };
}

/** The shape of a picture as the engine has it. */
export function pictureShape({ rank }: Pick<Picture, 'rank'>, height: number, width: number, channels: number): number[] {
  return rank === 3 ? [height, width, channels] : [width, channels];
}

/** Brings channels from the front to the end; extents [1, n] leave everything where it is. */
export function channelsToEnd(x: string, to: Omit<Picture, 'x'>, extents: readonly [number, number], graph: GraphBuilder): string {
  const y = graph.rows('channels_last', pictureShape(to, to.height, to.width, to.channels));
  graph.push({ type: 'swap_axes', layer: graph.layer, x, y, extents });
  return y;
}

function noPicture(shape: readonly number[], rank: 2 | 3, isInput: boolean, graph: GraphBuilder): GradloomError {
  const [wanted, extents] = rank === 3 ? ['pictures, channels x height x width', '[C, H, W]'] : ['sequences, channels x length', '[C, L]'];
  const isForPictures = isInput && rank === 2 && shape.length === 3;
  const ofInput = isForPictures
    ? `write type: ${graph.type.replace('1d', '2d')}, which takes pictures`
    : `put {type: reshape, shape: ${extents}} before it, with the extents of a sample`;
  const next = isInput ? ofInput : 'put it before what makes single numbers of them: flatten, dense, global_avg_pool';
  return new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: graph.where(),
    message: `${graph.type} expects ${wanted}; got samples of ${shapeText(shape)}`,
    next,
  });
}
