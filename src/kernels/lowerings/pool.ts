import type { PoolOp } from '../../graph/ops/pool.ts';
import type { Lowering } from '../lowering.ts';
import { windowArgs } from './window.ts';

/** The largest value or the mean of each window; backward of the largest finds it by the pixel that forward kept. */
export const pool: Lowering<PoolOp> = {
  // i32 take the places of f32.
  workspace: ({ function: of, y }, shapeOf) => ({ kept: of === 'max' ? { index: shapeOf(y) } : {} }),

  forward({ function: of, x, y, window }, site) {
    const [from, to] = [site.at(x), site.at(y)];
    if (of === 'avg') site.emit('avg_pool_forward', from, to, site.rows, ...windowArgs(window));
    else site.emit('max_pool_forward', from, to, site.training ? site.kept('index') : 0, site.rows, ...windowArgs(window));
  },

  backward({ function: of, x, y, window }, site) {
    const [dy, dx] = [site.gradient(y), site.gradient(x)];
    if (dx === 0) return;
    if (of === 'avg') site.emit('avg_pool_backward', dy, dx, site.rows, ...windowArgs(window));
    else site.emit('max_pool_backward', dy, site.kept('index'), dx, site.rows, ...windowArgs(window));
  },
};
