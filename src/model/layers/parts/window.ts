import { GradloomError } from '../../../errors.ts';
import type { GraphBuilder } from '../../../graph/graph.ts';
import { type Extent2d, reach, type Window } from '../../../graph/window.ts';
import type { Picture } from './picture.ts';

/** How a layer's window moves, as the experiment says it; of a sequence the first extent is 1. */
export interface WindowConfig {
  kernel: Extent2d;
  stride: Extent2d;
  dilation: Extent2d;
  padding: 'same' | Extent2d;
}

/** Lines and columns that no window reaches. */
export interface Rest {
  lines: number;
  columns: number;
}

/**
 * The places of a window on a picture. source: the output sizes of torch.nn.Conv2d; `same` pads the odd line below and on the right.
 *
 * @throws GradloomError E_CONFIG_VALUE where the kernel is larger than the padded picture
 */
export function placeWindow(
  { kernel, stride, dilation, padding }: WindowConfig,
  picture: Picture,
  graph: GraphBuilder,
): Window & { rest: Rest } {
  const { height, width, channels } = picture;
  const along = (axis: 0 | 1, extent: number): { before: number; out: number; rest: number } => {
    const span = reach(kernel[axis], dilation[axis]);
    const [before, padded] =
      padding === 'same' ? [Math.floor((span - 1) / 2), extent + span - 1] : [padding[axis], extent + 2 * padding[axis]];
    return { before, out: Math.floor((padded - span) / stride[axis]) + 1, rest: (padded - span) % stride[axis] };
  };
  const [y, x] = [along(0, height), along(1, width)];
  if (y.out < 1 || x.out < 1) throw tooLarge(kernel, dilation, picture, graph);
  return {
    height,
    width,
    channels,
    kernel,
    stride,
    dilation,
    padding: [y.before, x.before],
    outHeight: y.out,
    outWidth: x.out,
    rest: { lines: y.rest, columns: x.rest },
  };
}

/** Extents in the words of users: `3x3`, of a sequence `3`. */
export function extentText([height, width]: Extent2d, { rank }: Pick<Picture, 'rank'>): string {
  return rank === 3 ? `${height}x${width}` : String(width);
}

function tooLarge(kernel: Extent2d, dilation: Extent2d, picture: Picture, graph: GraphBuilder): GradloomError {
  const size: Extent2d = [picture.height, picture.width];
  const spread: Extent2d = [reach(kernel[0], dilation[0]), reach(kernel[1], dilation[1])];
  const dilated = dilation.every((step) => step === 1) ? '' : `, ${extentText(spread, picture)} with its dilation,`;
  return new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: graph.where('kernel'),
    message: `a kernel of ${extentText(kernel, picture)}${dilated} is larger than the ${extentText(size, picture)} that comes in, with its padding`,
    next: 'give a smaller kernel, more padding, or fewer pools and strides before it',
  });
}
