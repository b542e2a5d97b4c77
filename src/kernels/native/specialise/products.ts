import { forwardRoutine, forwardScratch } from '../../../native/products/forward.ts';
import { gradientRoutine, gradientScratch } from '../../../native/products/gradient.ts';
import { sparseForwardRoutine, sparseForwardScratch } from '../../../native/sparse/forward.ts';
import { LEAST_COLUMNS, sparseGradientRoutine, sparseGradientScratch } from '../../../native/sparse/gradient.ts';
import { listWords, scratchFloats } from '../../sizes.ts';
import { boundsAt, epilogue, hasEmptyLeaf, inWords, type Specialisers } from './specialised.ts';

/** Products of matrices. */
export const PRODUCTS = {
  dense_forward: (isa, [x, w, bias, y, m, n, k, activation, slope, scratch]) => {
    if (m === 0 || n === 0 || k === 0) return undefined;
    const shape = { m, n, k, hasBias: bias !== 0, ...epilogue(activation, slope), isTransposed: false };
    return {
      key: `forward ${isa.name} ${m} ${n} ${k} ${shape.hasBias} ${shape.slope ?? shape.relu}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: m * k },
        { use: 'read', arg: 1, at: w, values: k * n },
        { use: 'read', arg: 2, at: bias, values: shape.hasBias ? n : 0 },
        { use: 'written', arg: 3, at: y, values: m * n },
        { use: 'scratch', arg: 9, at: scratch, values: inWords(forwardScratch(isa, shape)) },
      ],
      kernelScratch: scratchFloats(m, k, n, 1),
      make: (convention) => forwardRoutine(isa, convention, shape),
    };
  },

  matmul_nt: (isa, [dz, w, dx, m, n, k, scratch]) => {
    if (m === 0 || n === 0 || k === 0) return undefined;
    const shape = { m, n, k, hasBias: false, relu: false, isTransposed: true };
    return {
      key: `nt ${isa.name} ${m} ${n} ${k}`,
      operands: [
        { use: 'read', arg: 0, at: dz, values: m * k },
        { use: 'read', arg: 1, at: w, values: n * k },
        { use: 'read', arg: 1, at: w, values: 0 },
        { use: 'written', arg: 2, at: dx, values: m * n },
        { use: 'scratch', arg: 6, at: scratch, values: inWords(forwardScratch(isa, shape)) },
      ],
      kernelScratch: scratchFloats(m, n, k, 1),
      make: (convention) => forwardRoutine(isa, convention, shape),
    };
  },

  dense_weight_gradient: (isa, [x, dz, dw, boundsPointer, leaves, i, o, xWidth, scratch], words) => {
    const bounds = boundsAt(words, boundsPointer, leaves);
    const rows = bounds[leaves] ?? 0;
    if (i === 0 || o === 0 || hasEmptyLeaf(bounds)) return undefined;
    const shape = { i, o, rows, xWidth, leaves };
    return {
      key: `gradient ${isa.name} ${i} ${o} ${rows} ${xWidth} ${leaves}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: (rows - 1) * xWidth + i },
        { use: 'read', arg: 1, at: dz, values: rows * o },
        { use: 'written', arg: 2, at: dw, values: i * o },
        { use: 'schedule', arg: 3, bounds },
        { use: 'scratch', arg: 8, at: scratch, values: inWords(gradientScratch(isa, shape)) },
      ],
      kernelScratch: scratchFloats(rows, xWidth, o, leaves),
      make: (convention) => gradientRoutine(isa, convention, shape),
    };
  },

  sparse_forward: (isa, [x, lists, w, bias, y, m, n, k, activation, slope, scratch]) => {
    if (m === 0 || n === 0 || k === 0) return undefined;
    const shape = { m, n, k, hasBias: bias !== 0, ...epilogue(activation, slope), listWords: listWords(k) };
    return {
      key: `sparse forward ${isa.name} ${m} ${n} ${k} ${shape.hasBias} ${shape.slope ?? shape.relu}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: m * k },
        { use: 'read', arg: 2, at: w, values: k * n },
        { use: 'read', arg: 3, at: bias, values: shape.hasBias ? n : 0 },
        { use: 'written', arg: 4, at: y, values: m * n },
        { use: 'scratch', arg: 10, at: scratch, values: inWords(sparseForwardScratch(isa, shape)) },
        { use: 'lists', arg: 1, at: lists, values: m * shape.listWords, rows: m, columns: k },
      ],
      kernelScratch: scratchFloats(m, k, n, 1),
      make: (convention) => sparseForwardRoutine(isa, convention, shape),
    };
  },

  sparse_weight_gradient: (isa, [x, dz, dw, boundsPointer, leaves, i, o, xWidth, scratch], words) => {
    const bounds = boundsAt(words, boundsPointer, leaves);
    const rows = bounds[leaves] ?? 0;
    if (i < LEAST_COLUMNS || o === 0 || rows === 0) return undefined;
    const shape = { i, o, rows, xWidth, leaves };
    return {
      key: `sparse gradient ${isa.name} ${i} ${o} ${rows} ${xWidth} ${leaves}`,
      operands: [
        { use: 'read', arg: 0, at: x, values: (rows - 1) * xWidth + i },
        { use: 'read', arg: 1, at: dz, values: rows * o },
        { use: 'written', arg: 2, at: dw, values: i * o },
        { use: 'bounds', arg: 3, at: boundsPointer, values: leaves + 1, bounds },
        { use: 'scratch', arg: 8, at: scratch, values: inWords(sparseGradientScratch(isa, shape)) },
      ],
      kernelScratch: scratchFloats(rows, xWidth, o, leaves),
      make: (convention) => sparseGradientRoutine(isa, convention, shape),
    };
  },
} satisfies Specialisers;
