import { convBiasGradientRoutine, convBiasGradientScratch } from '../../../native/convolution/bias-gradient.ts';
import { convForwardRoutine, convForwardScratch } from '../../../native/convolution/forward.ts';
import { convInputGradientRoutine, convInputGradientScratch, isShort } from '../../../native/convolution/input-gradient.ts';
import { type ConvShape, depthOf, pictureValues } from '../../../native/convolution/shape.ts';
import { convWeightGradientRoutine, convWeightGradientScratch } from '../../../native/convolution/weight-gradient.ts';
import type { WindowArgs } from '../../interface/convolution.ts';
import { convScratchFloats, scratchFloats } from '../../sizes.ts';
import { boundsAt, epilogue, hasEmptyLeaf, inWords, type Specialisers } from './specialised.ts';
import { hasPixels, windowOf } from './window.ts';

/** A convolution of all channels; undefined where there is nothing to compute, or where channels are grouped. */
function shapeOf(rows: number, args: Readonly<WindowArgs>, filters: number, groups: number): ConvShape | undefined {
  const window = windowOf(args);
  return groups === 1 && rows > 0 && filters > 0 && hasPixels(window) ? { rows, window, filters } : undefined;
}

/** What tells a shape from others. */
const named = ({ rows, filters }: ConvShape, args: Readonly<WindowArgs>): string => `${rows} ${args.join(' ')} ${filters}`;

/** f32 values of all pictures that come in, of all that go out, and of the weight. */
function valuesOf(shape: ConvShape): { x: number; y: number; w: number } {
  const { x, y } = pictureValues(shape);
  return { x: shape.rows * x, y: shape.rows * y, w: depthOf(shape) * shape.filters };
}

/** Convolutions and their gradients. */
export const CONVOLUTIONS = {
  conv_forward: (isa, [x, w, bias, y, rows, ...rest]) => {
    const [filters, groups, activation, slope, scratch] = rest.slice(13) as [number, number, number, number, number];
    const window = rest.slice(0, 13) as WindowArgs;
    const bare = shapeOf(rows, window, filters, groups);
    if (bare === undefined) return undefined;
    const shape = { ...bare, hasBias: bias !== 0, ...epilogue(activation, slope) };
    const values = valuesOf(shape);
    return {
      key: `conv forward ${isa.name} ${named(shape, window)} ${shape.hasBias} ${shape.slope ?? shape.relu}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: values.x },
        { use: 'read', arg: 1, at: w, values: values.w },
        { use: 'read', arg: 2, at: bias, values: shape.hasBias ? filters : 0 },
        { use: 'written', arg: 3, at: y, values: values.y },
        { use: 'scratch', arg: 22, at: scratch, values: inWords(convForwardScratch(isa, shape)) },
      ],
      kernelScratch: convScratchFloats({ ...shape, groups }, rows, 1),
      make: (convention) => convForwardRoutine(isa, convention, shape),
    };
  },

  conv_input_gradient: (isa, [dz, w, dx, rows, ...rest]) => {
    const [filters, groups, scratch] = rest.slice(13) as [number, number, number];
    const window = rest.slice(0, 13) as WindowArgs;
    const shape = shapeOf(rows, window, filters, groups);
    if (shape === undefined || !isShort(isa, shape)) return undefined;
    const values = valuesOf(shape);
    return {
      key: `conv input gradient ${isa.name} ${named(shape, window)}`,
      operands: [
        { use: 'read', arg: 0, at: dz, values: values.y },
        { use: 'read', arg: 1, at: w, values: values.w },
        { use: 'written', arg: 2, at: dx, values: values.x },
        { use: 'scratch', arg: 19, at: scratch, values: inWords(convInputGradientScratch(isa, shape)) },
      ],
      kernelScratch: convScratchFloats({ ...shape, groups }, rows, 1),
      make: (convention) => convInputGradientRoutine(isa, convention, shape),
    };
  },

  conv_weight_gradient: (isa, [x, dz, dw, boundsPointer, leaves, ...rest], words) => {
    const [filters, groups, scratch] = rest.slice(13) as [number, number, number];
    const window = rest.slice(0, 13) as WindowArgs;
    const bounds = boundsAt(words, boundsPointer, leaves);
    const bare = shapeOf(bounds[leaves] ?? 0, window, filters, groups);
    if (bare === undefined || hasEmptyLeaf(bounds)) return undefined;
    const shape = { ...bare, leaves };
    const values = valuesOf(shape);
    return {
      key: `conv weight gradient ${isa.name} ${named(shape, window)} ${leaves}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: values.x },
        { use: 'read', arg: 1, at: dz, values: values.y },
        { use: 'written', arg: 2, at: dw, values: values.w },
        { use: 'schedule', arg: 3, bounds },
        { use: 'scratch', arg: 20, at: scratch, values: inWords(convWeightGradientScratch(isa, shape)) },
      ],
      kernelScratch: convScratchFloats({ ...shape, groups }, shape.rows, leaves),
      make: (convention) => convWeightGradientRoutine(isa, convention, shape),
    };
  },

  conv_bias_gradient: (isa, [dz, db, boundsPointer, leaves, pixels, filters, scratch], words) => {
    const bounds = boundsAt(words, boundsPointer, leaves);
    const rows = bounds[leaves] ?? 0;
    if (rows <= 0 || pixels <= 0 || filters <= 0 || hasEmptyLeaf(bounds)) return undefined;
    const shape = { pixels, filters, leaves };
    return {
      key: `conv bias gradient ${isa.name} ${rows} ${pixels} ${filters} ${leaves}`,
      operands: [
        { use: 'read', arg: 0, at: dz, values: rows * pixels * filters },
        { use: 'written', arg: 1, at: db, values: filters },
        { use: 'schedule', arg: 2, bounds },
        { use: 'scratch', arg: 6, at: scratch, values: inWords(convBiasGradientScratch(isa, shape)) },
      ],
      kernelScratch: scratchFloats(rows * pixels, 1, filters, leaves) + leaves + 1,
      make: (convention) => convBiasGradientRoutine(isa, convention, shape),
    };
  },
} satisfies Specialisers;
