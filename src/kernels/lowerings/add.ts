import type { AddOp } from '../../graph/ops/add.ts';
import { elements } from '../../graph/shape.ts';
import type { Lowering } from '../lowering.ts';

export const add: Lowering<AddOp> = {
  workspace: ({ y }, shapeOf) => ({ kept: { skip: shapeOf(y) } }),

  forward({ x, other, y }, site) {
    const count = site.rows * elements(site.shapeOf(y));
    const [from, to] = [site.at(x), site.at(y)];
    if (from !== to) site.emit('copy', to, from, count);
    site.emit('add', to, site.at(other), count);
  },

  /** The gradient goes on to x as it is; for the other tensor it is kept until the rest of that one's gradient has begun. */
  backward({ other, y }, site) {
    const count = site.rows * elements(site.shapeOf(y));
    const into = site.gradient(other);
    if (into === 0) return;
    const skip = site.kept('skip');
    site.emit('copy', skip, site.gradient(y), count);
    site.onceBegun(other, () => site.emit('add', into, skip, count));
  },
};
