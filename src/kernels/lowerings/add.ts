import type { AddOp } from '../../graph/ops/add.ts';
import { elements } from '../../graph/shape.ts';
import type { Lowering } from '../lowering.ts';
import type { GradientPartSite } from '../site.ts';

export const add: Lowering<AddOp> = {
  forward({ x, other, y }, site) {
    const count = site.rows * elements(site.shapeOf(y));
    const [from, to] = [site.at(x), site.at(y)];
    if (from !== to) site.emit('copy', to, from, count);
    site.emit('add', to, site.at(other), count);
  },

  /** The gradient goes on to x as it is, and to the other tensor: twice to x where it is that one. */
  backward({ x, other, y }, site) {
    const count = site.rows * elements(site.shapeOf(y));
    const [d, into] = [site.gradient(y), site.gradient(other)];
    if (other === x) site.emit('add', d, d, count);
    else if (into !== 0) site.emit('copy', into, d, count);
  },
};

/** The gradient of a tensor that several ops read is the sum of what each of them says. */
export function lowerGradientPart({ gradient, part, count, emit }: GradientPartSite): void {
  emit('add', gradient, part, count);
}
