import type { DropoutOp } from '../../graph/ops/dropout.ts';
import { elements } from '../../graph/shape.ts';
import type { Lowering } from '../lowering.ts';

/** Values are decided by 32-bit words: one is kept if its word is at least p * 2^32. */
const WORDS = 2 ** 32;

export const dropout: Lowering<DropoutOp> = {
  workspace: ({ y }, shapeOf) => ({ kept: { mask: shapeOf(y) } }),

  forward({ p, stream, x, y }, site) {
    const width = elements(site.shapeOf(y));
    const count = site.rows * width;
    const [from, to] = [site.at(x), site.at(y)];
    if (site.training) {
      const threshold = Math.round(p * WORDS);
      site.emit('dropout_forward', from, to, site.kept('mask'), count, site.firstRow * width, threshold, 1 / (1 - p), site.stream(stream));
    } else if (from !== to) site.emit('copy', to, from, count);
  },

  backward({ y }, site) {
    site.emit('multiply', site.gradient(y), site.kept('mask'), site.rows * elements(site.shapeOf(y)));
  },
};
