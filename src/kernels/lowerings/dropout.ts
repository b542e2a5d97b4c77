import type { DropoutOp } from '../../graph/ops/dropout.ts';
import { elements } from '../../graph/shape.ts';
import type { Lowering } from '../lowering.ts';

/** Values are decided by 32-bit words: one is kept if its word is at least p * 2^32. */
const WORDS = 2 ** 32;

export const dropout: Lowering<DropoutOp> = {
  workspace: ({ y }, shapeOf) => ({ kept: { mask: shapeOf(y) } }),

  forward({ p, stream, channels, x, y }, site) {
    const width = elements(site.shapeOf(y));
    const count = site.rows * width;
    const [from, to] = [site.at(x), site.at(y)];
    if (!site.training) {
      if (from !== to) site.emit('copy', to, from, count);
      return;
    }
    const pointers = [from, to, site.kept('mask')] as const;
    const draw = [Math.round(p * WORDS), 1 / (1 - p), site.stream(stream)] as const;
    if (channels === undefined) site.emit('dropout_forward', ...pointers, count, site.firstRow * width, ...draw);
    else site.emit('channel_dropout_forward', ...pointers, site.rows, width / channels, channels, site.firstRow * channels, ...draw);
  },

  backward({ y }, site) {
    site.emit('multiply', site.gradient(y), site.kept('mask'), site.rows * elements(site.shapeOf(y)));
  },
};
