import type { Window } from '../../graph/window.ts';
import type { WindowArgs } from '../interface/convolution.ts';

/** A window as the kernels take it. */
export function windowArgs(window: Window): WindowArgs {
  const { height, width, channels, kernel, stride, dilation, padding, outHeight, outWidth } = window;
  return [height, width, channels, ...kernel, ...stride, ...dilation, ...padding, outHeight, outWidth];
}
