import { readFileSync } from 'node:fs';
import { main } from 'assemblyscript/asc';
import test from 'ava';
import { randomFloats } from '../support/arena.ts';
import { erf, sigmoid, ulp32 } from '../support/reference.ts';

/** The elementary functions of kernels/vector/math.ts, compiled from kernels/vector/probe.ts with the flags that matter to arithmetic. */
interface Probe {
  exp(src: number, dst: number, n: number): void;
  log1p01(src: number, dst: number, n: number): void;
  log32(src: number, dst: number, n: number): void;
  tanh(src: number, dst: number, n: number): void;
  erf(src: number, dst: number, n: number): void;
  sigmoid(src: number, dst: number, n: number): void;
  log(x: number): number;
}

const memory = new WebAssembly.Memory({ initial: 256, maximum: 256, shared: true });
let probe: Probe;

test.before(async (t) => {
  let binary: Uint8Array | undefined;
  const flags = [
    '--enable',
    'simd,threads',
    '--importMemory',
    '--noExportMemory',
    '--sharedMemory',
    '--initialMemory',
    '1',
    '--maximumMemory',
    '65536',
  ];
  const { error, stderr } = await main(
    [
      'vector/probe.ts',
      '-o',
      'probe.wasm',
      '--runtime',
      'stub',
      '--noAssert',
      '-O3',
      '--use',
      'abort=',
      ...flags,
      '--disableWarning',
      '112',
    ],
    {
      readFile: (name) => {
        try {
          return readFileSync(new URL(`../../../../kernels/${name}`, import.meta.url), 'utf8');
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // asc tries several names for an import
          throw error;
        }
      },
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = contents;
      },
      listFiles: () => [],
    },
  );
  t.is(error, null, stderr.toString());
  probe = new WebAssembly.Instance(new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>), { env: { memory } })
    .exports as unknown as Probe;
});

const CHUNK = 1 << 20;
const input = new Float32Array(memory.buffer, 1024, CHUNK);
const output = new Float32Array(memory.buffer, 1024 + CHUNK * 4, CHUNK);

/** Largest error in ulp over every `stride`-th f32 of both signs and all exponents, infinities and subnormals included. */
function largestError(
  kernel: (src: number, dst: number, n: number) => void,
  exact: (x: number) => number,
  from: number,
  to: number,
): [number, number] {
  const stride = 1009;
  const bits = new Int32Array(input.buffer, input.byteOffset, CHUNK);
  let worst = 0;
  let worstAt = 0;
  for (const sign of from < 0 ? [0, -0x80000000] : [0]) {
    let n = 0;
    for (let pattern = 0; pattern <= 0x7f800000; pattern += stride) {
      bits[n] = pattern | sign;
      if (input[n]! >= from && input[n]! <= to) n++;
      if (n === CHUNK || pattern + stride > 0x7f800000) {
        kernel(input.byteOffset, output.byteOffset, Math.ceil(n / 4) * 4);
        for (let i = 0; i < n; i++) {
          const want = exact(input[i]!);
          const got = output[i]!;
          // Beyond the largest f32 the right answer is infinite; half an ulp below it still rounds there.
          const error = Object.is(Math.fround(want), got) ? 0 : Math.abs(got - want) / ulp32(want);
          if (!(error <= worst)) {
            worst = Number.isNaN(error) ? Infinity : error;
            worstAt = input[i]!;
          }
        }
        n = 0;
      }
    }
  }
  return [worst, worstAt];
}

function evaluate(kernel: (src: number, dst: number, n: number) => void, values: number[]): number[] {
  input.fill(0, 0, values.length + 4);
  input.set(values);
  kernel(input.byteOffset, output.byteOffset, Math.ceil(values.length / 4) * 4);
  return Array.from(output.subarray(0, values.length));
}

// The bounds are those stated in kernels/vector/math.ts.
const cases = [
  { name: 'exp', bound: 0.8, exact: Math.exp, from: -Infinity, to: Infinity },
  { name: 'log1p01', bound: 1.25, exact: Math.log1p, from: 0, to: 1 },
  { name: 'log32', bound: 0.9, exact: Math.log, from: 2 ** -126, to: Infinity },
  { name: 'tanh', bound: 1.35, exact: Math.tanh, from: -Infinity, to: Infinity },
  { name: 'erf', bound: 1.2, exact: erf, from: -Infinity, to: Infinity },
  { name: 'sigmoid', bound: 2.4, exact: sigmoid, from: -Infinity, to: Infinity },
] as const;

for (const { name, bound, exact, from, to } of cases) {
  test(`${name} is within ${bound} ulp of f64 over its whole range`, (t) => {
    const [worst, at] = largestError(probe[name], exact, from, to);
    t.log(`largest error ${worst.toFixed(3)} ulp at ${at}`);
    t.true(worst <= bound, `${worst} ulp at ${at}`);
  });
}

test('infinities, NaN, zeros, overflow and underflow come out right', (t) => {
  t.deepEqual(evaluate(probe.exp, [Infinity, -Infinity, NaN, 0, -0, 88.8, -104, 1e30, -1e30]), [
    Infinity,
    0,
    NaN,
    1,
    1,
    Infinity,
    0,
    Infinity,
    0,
  ]);
  t.deepEqual(evaluate(probe.exp, [-100]), [Math.fround(Math.exp(-100))], 'subnormal');
  t.deepEqual(evaluate(probe.tanh, [Infinity, -Infinity, NaN, 0, -0, 1e-40, 1e30]), [1, -1, NaN, 0, -0, Math.fround(1e-40), 1]);
  t.deepEqual(evaluate(probe.erf, [Infinity, -Infinity, NaN, 0, -0, 1e30, -1e30]), [1, -1, NaN, 0, -0, 1, -1]);
  t.deepEqual(evaluate(probe.sigmoid, [Infinity, -Infinity, NaN, 0, -0, 1e30, -1e30]), [1, 0, NaN, 0.5, 0.5, 1, 0]);
  t.deepEqual(evaluate(probe.log1p01, [0, NaN]), [0, NaN]);
  t.deepEqual(evaluate(probe.log32, [1, Infinity, NaN]), [0, Infinity, NaN]);
});

test('the f64 logarithm is within 1 ulp', (t) => {
  let worst = 0;
  for (const v of randomFloats(200_000, 3)) {
    for (const x of [1 + Math.abs(v), 1 + Math.abs(v) * 1e5, 1 + Math.abs(v) * 1e-9]) {
      const want = Math.log(x);
      if (want > 0) worst = Math.max(worst, Math.abs(probe.log(x) - want) / 2 ** (Math.floor(Math.log2(want)) - 52));
    }
  }
  t.log(`largest difference ${worst.toFixed(2)} ulp`);
  t.true(worst <= 1.01);
  t.deepEqual([probe.log(1), probe.log(Infinity), probe.log(NaN)], [0, Infinity, NaN]);
});
