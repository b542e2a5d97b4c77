import { bindKernels } from '../src/kernels/bind.ts';
import { type KernelCall, kernelCall } from '../src/kernels/call.ts';
import type { WindowArgs } from '../src/kernels/interface/convolution.ts';
import { compileKernels } from '../src/kernels/module.ts';
import { bindRoutine } from '../src/kernels/native/bind.ts';
import { nativeConvScratch } from '../src/kernels/native/scratch.ts';
import { specialise } from '../src/kernels/native/specialise.ts';
import { nativeSupport } from '../src/kernels/native/support.ts';
import { convScratchFloats } from '../src/kernels/sizes.ts';
import { conventionHere } from '../src/native/routine.ts';
import { loadCode } from '../src/native/system/executable.ts';
import { addressOf } from '../src/native/system/foreign.ts';
import { median } from '../src/speedup/statistics.ts';
import type { Section } from './figures.ts';
import { estimate, estimateRatio } from './rounds.ts';

/** A convolution of the workloads with pictures, for a whole batch; nothing is padded, strides are 1. */
interface Layer {
  title: string;
  rows: number;
  side: number;
  channels: number;
  kernel: number;
  filters: number;
}

const LAYERS: readonly Layer[] = [
  { title: 'W5 conv 28x28x1, 6 of 5x5', rows: 64, side: 28, channels: 1, kernel: 5, filters: 6 },
  { title: 'W5 conv 12x12x6, 16 of 5x5', rows: 64, side: 12, channels: 6, kernel: 5, filters: 16 },
  { title: 'W6 conv 28x28x1, 32 of 3x3', rows: 128, side: 28, channels: 1, kernel: 3, filters: 32 },
  { title: 'W6 conv 26x26x32, 64 of 3x3', rows: 128, side: 26, channels: 32, kernel: 3, filters: 64 },
];
const LEAVES = 16;

const memory = new WebAssembly.Memory({ initial: 2048, maximum: 2048, shared: true });
const kernels = bindKernels(compileKernels(), memory);

function layOut({ rows, side, channels, kernel, filters }: Layer): [string, KernelCall][] {
  let next = 64;
  const floats = (length: number): number => {
    const at = next;
    new Float32Array(memory.buffer, at, length).fill(0.01);
    next = (at + length * 4 + 63) & ~63;
    return at;
  };
  const outputs = side - kernel + 1;
  const window: WindowArgs = [side, side, channels, kernel, kernel, 1, 1, 1, 1, 0, 0, outputs, outputs];
  const extents = { height: side, width: side, channels, outHeight: outputs, outWidth: outputs };
  const op = {
    window: { ...extents, kernel: [kernel, kernel], stride: [1, 1], dilation: [1, 1], padding: [0, 0] },
    filters,
    groups: 1,
  } as const;
  const [x, y] = [floats(rows * side * side * channels), floats(rows * outputs * outputs * filters)];
  const [w, bias] = [floats(kernel * kernel * channels * filters), floats(filters)];
  const [bounds, scratch] = [floats(LEAVES + 1), floats(Math.max(convScratchFloats(op, rows, LEAVES), nativeConvScratch(op, LEAVES)))];
  new Int32Array(memory.buffer, bounds, LEAVES + 1).set(Array.from({ length: LEAVES + 1 }, (_, i) => Math.floor((i * rows) / LEAVES)));
  return [
    ['forward', kernelCall('conv_forward', x, w, bias, y, rows, ...window, filters, 1, 1, 0, scratch)],
    ['input gradient', kernelCall('conv_input_gradient', y, w, x, rows, ...window, filters, 1, scratch)],
    ['weight gradient', kernelCall('conv_weight_gradient', x, y, w, bounds, LEAVES, ...window, filters, 1, scratch)],
  ];
}

/** What does a call in machine code; undefined where there is none. */
function nativeRun(call: KernelCall): (() => void) | undefined {
  const support = nativeSupport();
  const specialised = 'isa' in support ? specialise(support.isa, call, new Int32Array(memory.buffer)) : undefined;
  if (specialised === undefined) return undefined;
  const { address } = loadCode(specialised.make(conventionHere()).code());
  const routine = { key: specialised.key, args: specialised.operands.length, address };
  return bindRoutine(routine, specialised, addressOf(memory), memory.buffer.byteLength);
}

/** Milliseconds of a slice, and slices of a round. */
const SLICE_MS = 5;
const SLICES = 4;

/** GFLOP/s of a call, by rounds: medians over slices. */
function ratesOf(run: () => void, flops: number, rounds: number): number[] {
  run();
  const calls = Math.max(1, Math.round((SLICE_MS * 4e7) / flops));
  return Array.from({ length: rounds }, () => {
    const slices = Array.from({ length: SLICES }, () => {
      const start = performance.now();
      for (let i = 0; i < calls; i++) run();
      return (calls * flops) / (performance.now() - start) / 1e6;
    });
    return median(slices);
  });
}

/** The convolutions of the workloads and their gradients, taps that lead nowhere not counted: WebAssembly beside machine code. */
export function convolutionSection(rounds: number, only: (title: string) => boolean): Section {
  const rows = LAYERS.filter(({ title }) => only(title)).flatMap((layer) => {
    const outputs = layer.side - layer.kernel + 1;
    const { rows: pictures, channels, kernel, filters } = layer;
    const flops = 2 * pictures * outputs ** 2 * kernel ** 2 * channels * filters;
    return layOut(layer).map(([what, call]) => {
      const run: (...values: number[]) => void = kernels[call.kernel];
      const wasm = ratesOf(() => run(...call.args), flops, rounds);
      const native = nativeRun(call);
      const rates = native && ratesOf(native, flops, rounds);
      return { name: `${layer.title}: ${what}`, values: [estimate(wasm), rates && estimate(rates), rates && estimateRatio(rates, wasm)] };
    });
  });
  return {
    id: 'convolutions',
    title: 'Convolutions on one core, whole batches',
    columns: [
      { name: 'wasm', unit: 'GFLOP/s', better: 'more' },
      { name: 'native', unit: 'GFLOP/s', better: 'more' },
      { name: 'over wasm', unit: 'times', better: 'more' },
    ],
    rows,
  };
}
