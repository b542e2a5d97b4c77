import type { SwapAxesOp } from '../../graph/ops/swap-axes.ts';
import type { Lowering } from '../lowering.ts';

export const swapAxes: Lowering<SwapAxesOp> = {
  forward({ x, y, extents: [a, b] }, site) {
    site.emit('swap_axes', site.at(x), site.at(y), site.rows, a, b);
  },

  backward({ x, y, extents: [a, b] }, site) {
    const dx = site.gradient(x);
    if (dx !== 0) site.emit('swap_axes', site.gradient(y), dx, site.rows, b, a);
  },
};
