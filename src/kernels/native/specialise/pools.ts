import { hasMaxPool, hasMaxPoolBackward, maxPoolBackwardRoutine, maxPoolRoutine } from '../../../native/pools/max-pool.ts';
import type { PoolShape } from '../../../native/pools/windows.ts';
import type { WindowArgs } from '../../interface/convolution.ts';
import type { Specialisers } from './specialised.ts';
import { hasPixels, windowOf } from './window.ts';

function shapeOf(rows: number, args: Readonly<WindowArgs>): PoolShape | undefined {
  const window = windowOf(args);
  return rows > 0 && hasPixels(window) ? { rows, window } : undefined;
}

function valuesOf({ rows, window: { height, width, channels, outHeight, outWidth } }: PoolShape): { x: number; y: number } {
  return { x: rows * height * width * channels, y: rows * outHeight * outWidth * channels };
}

/** Pools. */
export const POOLS = {
  max_pool_forward: (isa, [x, y, index, rows, ...args]) => {
    const bare = shapeOf(rows, args);
    if (bare === undefined || !hasMaxPool(bare)) return undefined;
    const shape = { ...bare, hasIndex: index !== 0 };
    const values = valuesOf(shape);
    return {
      key: `max pool ${isa.name} ${rows} ${args.join(' ')} ${shape.hasIndex}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: values.x },
        { use: 'written', arg: 1, at: y, values: values.y },
        shape.hasIndex ? { use: 'written', arg: 2, at: index, values: values.y } : { use: 'read', arg: 2, at: 0, values: 0 },
      ],
      kernelScratch: 0,
      make: (convention) => maxPoolRoutine(isa, convention, shape),
    };
  },

  max_pool_backward: (isa, [dy, index, dx, rows, ...args]) => {
    const shape = shapeOf(rows, args);
    if (shape === undefined || !hasMaxPoolBackward(shape)) return undefined;
    const values = valuesOf(shape);
    return {
      key: `max pool backward ${isa.name} ${rows} ${args.join(' ')}`,
      operands: [
        { use: 'read', arg: 0, at: dy, values: values.y },
        { use: 'pixels', arg: 1, at: index, values: values.y, window: shape.window },
        { use: 'written', arg: 2, at: dx, values: values.x },
      ],
      kernelScratch: 0,
      make: (convention) => maxPoolBackwardRoutine(isa, convention, shape),
    };
  },
} satisfies Specialisers;
