import type { ConvolutionKernels } from './interface/convolution.ts';
import type { LayerKernels } from './interface/layers.ts';
import type { LossKernels } from './interface/losses.ts';
import type { PictureKernels } from './interface/pictures.ts';
import type { ProductKernels } from './interface/products.ts';
import type { UpdateKernels } from './interface/updates.ts';
import type { VectorKernels } from './interface/vector.ts';

/**
 * The arithmetic of gradloom: functions of `kernels/*.ts`, compiled to WebAssembly. Pointers are byte offsets into the one shared memory.
 * Letters: M, N, K as in BLAS; B rows, I inputs, O outputs of a layer. All matrices row-major f32 unless said otherwise.
 * Shapes, order of summation and error bounds stand above each kernel in `kernels/`.
 */
export interface Kernels
  extends ProductKernels,
    ConvolutionKernels,
    LayerKernels,
    LossKernels,
    PictureKernels,
    UpdateKernels,
    VectorKernels {}
