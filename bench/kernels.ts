import { bindKernels } from '../src/kernels/bind.ts';
import { measureTileRate, TILE_RATE_BYTES } from '../src/kernels/check/calibrate.ts';
import { compileKernels } from '../src/kernels/module.ts';
import { listWords, scratchFloats } from '../src/kernels/sizes.ts';
import { type Estimate, median } from '../src/speedup/statistics.ts';
import type { Section } from './figures.ts';
import { estimate } from './rounds.ts';
import { mnistRows } from './workloads.ts';

interface Shape {
  title: string;
  kernel: 'forward' | 'nt' | 'tn' | 'sparse forward' | 'sparse tn';
  m: number;
  n: number;
  k: number;
  leaves?: number;
}

/** m, n, k as in the kernel's call; for tn: m = I, n = O, k = B. */
const SHAPES: Shape[] = [
  { title: 'forward [64,784]x[784,128]', kernel: 'forward', m: 64, n: 128, k: 784 },
  { title: 'forward [16,784]x[784,128]', kernel: 'forward', m: 16, n: 128, k: 784 },
  { title: 'forward [256,784]x[784,512]', kernel: 'forward', m: 256, n: 512, k: 784 },
  { title: 'forward [64,784]x[784,512]', kernel: 'forward', m: 64, n: 512, k: 784 },
  { title: 'forward [256,512]x[512,256]', kernel: 'forward', m: 256, n: 256, k: 512 },
  { title: 'forward [64,128]x[128,10]', kernel: 'forward', m: 64, n: 10, k: 128 },
  { title: 'forward [256,256]x[256,10]', kernel: 'forward', m: 256, n: 10, k: 256 },
  { title: 'forward [5000,784]x[784,45]', kernel: 'forward', m: 5000, n: 45, k: 784 },
  { title: 'forward [5000,45]x[45,10]', kernel: 'forward', m: 5000, n: 10, k: 45 },
  { title: 'forward [1024,2048]x[2048,2048]', kernel: 'forward', m: 1024, n: 2048, k: 2048 },
  { title: 'nt [256,256]x[512,256]^T', kernel: 'nt', m: 256, n: 512, k: 256 },
  { title: 'nt [64,10]x[128,10]^T', kernel: 'nt', m: 64, n: 128, k: 10 },
  { title: 'nt [256,10]x[256,10]^T', kernel: 'nt', m: 256, n: 256, k: 10 },
  { title: 'nt [1024,2048]x[2048,2048]^T', kernel: 'nt', m: 1024, n: 2048, k: 2048 },
  { title: 'tn 784x128, 64 rows, 16 leaves', kernel: 'tn', m: 784, n: 128, k: 64, leaves: 16 },
  { title: 'tn 784x128, 16 rows, 4 leaves', kernel: 'tn', m: 784, n: 128, k: 16, leaves: 4 },
  { title: 'tn 784x128, 64 rows, 1 leaf', kernel: 'tn', m: 784, n: 128, k: 64, leaves: 1 },
  { title: 'tn 784x512, 256 rows, 16 leaves', kernel: 'tn', m: 784, n: 512, k: 256, leaves: 16 },
  { title: 'tn 512x256, 256 rows, 16 leaves', kernel: 'tn', m: 512, n: 256, k: 256, leaves: 16 },
  { title: 'tn 784x45, 5000 rows, 16 leaves', kernel: 'tn', m: 784, n: 45, k: 5000, leaves: 16 },
  { title: 'tn 128x10, 64 rows, 16 leaves', kernel: 'tn', m: 128, n: 10, k: 64, leaves: 16 },
  { title: 'tn 256x10, 256 rows, 16 leaves', kernel: 'tn', m: 256, n: 10, k: 256, leaves: 16 },
  { title: 'tn 45x10, 5000 rows, 16 leaves', kernel: 'tn', m: 45, n: 10, k: 5000, leaves: 16 },
  { title: 'tn 2048x2048, 1024 rows, 16 leaves', kernel: 'tn', m: 2048, n: 2048, k: 1024, leaves: 16 },
  { title: 'sparse forward [64,784]x[784,128]', kernel: 'sparse forward', m: 64, n: 128, k: 784 },
  { title: 'sparse forward [16,784]x[784,128]', kernel: 'sparse forward', m: 16, n: 128, k: 784 },
  { title: 'sparse forward [256,784]x[784,512]', kernel: 'sparse forward', m: 256, n: 512, k: 784 },
  { title: 'sparse forward [5000,784]x[784,45]', kernel: 'sparse forward', m: 5000, n: 45, k: 784 },
  { title: 'sparse forward [1024,784]x[784,2048]', kernel: 'sparse forward', m: 1024, n: 2048, k: 784 },
  { title: 'sparse tn 784x128, 64 rows, 16 leaves', kernel: 'sparse tn', m: 784, n: 128, k: 64, leaves: 16 },
  { title: 'sparse tn 784x128, 16 rows, 4 leaves', kernel: 'sparse tn', m: 784, n: 128, k: 16, leaves: 4 },
  { title: 'sparse tn 784x512, 256 rows, 16 leaves', kernel: 'sparse tn', m: 784, n: 512, k: 256, leaves: 16 },
  { title: 'sparse tn 784x45, 5000 rows, 16 leaves', kernel: 'sparse tn', m: 784, n: 45, k: 5000, leaves: 16 },
  { title: 'sparse tn 784x2048, 1024 rows, 16 leaves', kernel: 'sparse tn', m: 784, n: 2048, k: 1024, leaves: 16 },
];

/** What a kernel that skips zeros is measured against; its rates count the skipped work too. */
const DENSE: Partial<Record<Shape['kernel'], Shape['kernel']>> = { 'sparse forward': 'forward', 'sparse tn': 'tn' };

const memory = new WebAssembly.Memory({ initial: 2048, maximum: 2048, shared: true });
const kernels = bindKernels(compileKernels(), memory);

/** GFLOP/s of the bare tile in this process. */
export function tileRate(ms = 100): number {
  return measureTileRate(kernels, memory, ms);
}

/**
 * The shape's operands laid out behind the tile's, filled with small numbers; returns the call.
 *
 * @param images  rows of MNIST, which fill x in place of small numbers
 */
function prepare({ kernel, m, n, k, leaves = 1 }: Shape, images: Float32Array | undefined): () => void {
  let next = (TILE_RATE_BYTES + 63) & ~63;
  const floats = (length: number): number => {
    const at = next;
    new Float32Array(memory.buffer, at, length).fill(0.01);
    next = (at + length * 4 + 63) & ~63;
    return at;
  };
  const inputs = (length: number): number => {
    const at = floats(length);
    if (images !== undefined) new Float32Array(memory.buffer, at, length).set(images.subarray(0, length));
    return at;
  };
  if (kernel === 'forward' || kernel === 'sparse forward') {
    const [x, w, bias, y, scratch] = [inputs(m * k), floats(k * n), floats(n), floats(m * n), floats(scratchFloats(m, k, n, 1))] as const;
    if (kernel === 'forward') return () => kernels.dense_forward(x, w, bias, y, m, n, k, 1, 0, scratch);
    const lists = floats(m * listWords(k));
    return () => {
      kernels.list_nonzeros(x, lists, m, k, scratch);
      kernels.sparse_forward(x, lists, w, bias, y, m, n, k, 1, 0, scratch);
    };
  }
  if (kernel === 'nt') {
    const [dz, w, dx, scratch] = [floats(m * k), floats(n * k), floats(m * n), floats(scratchFloats(m, n, k, 1))] as const;
    return () => kernels.matmul_nt(dz, w, dx, m, n, k, scratch);
  }
  const [x, dz, dw, bounds, scratch] = [
    inputs(k * m),
    floats(k * n),
    floats(m * n),
    floats(leaves + 1),
    floats(scratchFloats(k, m, n, leaves)),
  ] as const;
  new Int32Array(memory.buffer, bounds, leaves + 1).set(Array.from({ length: leaves + 1 }, (_, i) => Math.floor((i * k) / leaves)));
  if (kernel === 'sparse tn') return () => kernels.sparse_weight_gradient(x, dz, dw, bounds, leaves, m, n, m, scratch);
  return () => kernels.dense_weight_gradient(x, dz, dw, bounds, leaves, m, n, m, scratch);
}

/** Milliseconds of a slice: shorter than a thread's turn on a busy core, so that most slices are undisturbed. */
const SLICE_MS = 0.5;
const SLICES = 8;

interface Rates {
  gflops: Estimate;
  /** Of the bare tile's rate. */
  share: Estimate;
  /** Over the rate of the dense kernel on the same rows. */
  overDense: Estimate | undefined;
}

/** A round's figures are medians over slices of the kernel, of its dense counterpart and of the bare tile, which take turns. */
function measure(shape: Shape, rounds: number, images: Float32Array): Rates {
  const counterpart = DENSE[shape.kernel];
  const contenders =
    counterpart === undefined ? [prepare(shape, undefined)] : [prepare(shape, images), prepare({ ...shape, kernel: counterpart }, images)];
  const flops = 2 * shape.m * shape.n * shape.k;
  const calls = Math.max(1, Math.round((SLICE_MS * 4e7) / flops));
  const rateOf = (call: () => void): number => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    return (calls * flops) / (performance.now() - start) / 1e6;
  };
  for (const call of contenders) for (let i = 0; i < 8; i++) rateOf(call);
  const figures = Array.from({ length: rounds }, () => {
    const slices = Array.from({ length: SLICES }, () => ({ tile: tileRate(SLICE_MS), rates: contenders.map(rateOf) }));
    const gflops = median(slices.map(({ rates }) => rates[0] ?? Number.NaN));
    const dense = median(slices.map(({ rates }) => rates[1] ?? Number.NaN));
    return { gflops, share: gflops / median(slices.map(({ tile }) => tile)), overDense: gflops / dense };
  });
  return {
    gflops: estimate(figures.map(({ gflops }) => gflops)),
    share: estimate(figures.map(({ share }) => share)),
    overDense: counterpart && estimate(figures.map(({ overDense }) => overDense)),
  };
}

/** The matrix products on the shapes that the workloads run, beside the bare 4x8 tile. */
export async function kernelSection(rounds: number, only: (title: string) => boolean): Promise<Section> {
  tileRate(200);
  const images = await mnistRows();
  const shapes = SHAPES.filter(({ title }) => only(title));
  for (const shape of shapes) measure(shape, 1, images); // every kernel compiled before the first is timed
  const rows = shapes.map((shape) => {
    const { gflops, share, overDense } = measure(shape, rounds, images);
    return { name: shape.title, values: [gflops, share, overDense] };
  });
  const tile = estimate(Array.from({ length: rounds }, () => tileRate(20)));
  return {
    id: 'kernels',
    title: 'Matrix products on one core; those that skip zeros on rows of MNIST, skipped work counted',
    columns: [
      { name: 'GFLOP/s', unit: 'GFLOP/s', better: 'more' },
      { name: 'of tile', unit: 'share', better: 'more' },
      { name: 'over dense', unit: 'times', better: 'more' },
    ],
    rows: [{ name: 'bare 4x8 tile', values: [tile, undefined, undefined] }, ...rows],
  };
}
