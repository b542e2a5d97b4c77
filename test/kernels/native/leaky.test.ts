import test from 'ava';
import { bindKernels } from '../../../src/kernels/bind.ts';
import { type KernelCall, kernelCall } from '../../../src/kernels/call.ts';
import { compileKernels } from '../../../src/kernels/module.ts';
import { bindRoutine } from '../../../src/kernels/native/bind.ts';
import { specialise } from '../../../src/kernels/native/specialise.ts';
import { listWords, scratchFloats } from '../../../src/kernels/sizes.ts';
import { AVX2, AVX512, type Isa } from '../../../src/native/isa.ts';
import { conventionHere } from '../../../src/native/routine.ts';
import { RoutineStore } from '../../../src/native/store.ts';
import { cpuHere } from '../../../src/native/system/cpu.ts';
import { addressOf } from '../../../src/native/system/foreign.ts';
import { Dice } from '../../engine/support/samples.ts';
import { Processor } from '../../native/support/processor.ts';

const F32 = 4;
const LEAKY = 2;
const PAGES = 40;
const module = compileKernels();
const { isa: best } = cpuHere();
const SPECIAL = [0, -0, 1e-45, -1e-45, 3.4028235e38, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

type Run = (isa: Isa, call: KernelCall, memory: WebAssembly.Memory) => void;

function specialised(isa: Isa, call: KernelCall, memory: WebAssembly.Memory) {
  const found = specialise(isa, call, new Int32Array(memory.buffer));
  if (found === undefined) throw new RangeError(`${call.kernel} has no routine`);
  return found;
}

const interpret: Run = (isa, call, memory) => {
  const { operands, make } = specialised(isa, call, memory);
  const at = 2 ** 30;
  const addresses = operands.map((operand) => at + (operand.use === 'schedule' ? 0 : operand.at));
  new Processor([{ at, bytes: memory.buffer }]).call(make('sysv').instructions, addresses);
};

const store = new RoutineStore();
const execute: Run = (isa, call, memory) => {
  const found = specialised(isa, call, memory);
  store.place([{ key: found.key, args: found.operands.length, code: found.make(conventionHere()).code() }]);
  bindRoutine(store.find(found.key)!, found, addressOf(memory), memory.buffer.byteLength)();
};

/** Few rows and many, narrow and wide, one tile and several blocks of k, with every kind of tail. */
const SHAPES = [
  { m: 1, n: 1, k: 1 },
  { m: 5, n: 10, k: 7 },
  { m: 50, n: 9, k: 30 },
  { m: 49, n: 45, k: 20 },
  { m: 13, n: 70, k: 5 },
  { m: 48, n: 66, k: 113 },
  { m: 2, n: 9, k: 401 },
];

const WAYS: { title: string; isa: Isa; run: Run; slopes: number[] }[] = [
  { title: 'avx2, interpreted', isa: AVX2, run: interpret, slopes: [0.1] },
  { title: 'avx512, interpreted', isa: AVX512, run: interpret, slopes: [0.1] },
  ...[AVX2, AVX512]
    .filter(({ lanes }) => best !== undefined && lanes <= best.lanes)
    .map((isa) => ({ title: `${isa.name}, on this processor`, isa, run: execute, slopes: [0.1, 0, 2.5] })),
];

for (const { title, isa, run, slopes } of WAYS) {
  test(`a leaky activation at the end of a product has the kernel's bits, zeros skipped or not: ${title}`, (t) => {
    const dice = new Dice(5);
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
    const [floats, words] = [new Float32Array(memory.buffer), new Int32Array(memory.buffer)];
    const kernels = bindKernels(module, memory);
    for (const { m, n, k } of SHAPES) {
      for (const slope of slopes) {
        let next = 16;
        const place = (length: number): number => {
          const at = next * F32;
          next += length + 8;
          return at;
        };
        const [x, w, bias, expected, got] = [m * k, k * n, n, m * n, m * n].map(place) as [number, number, number, number, number];
        const [lists, scratch] = [place(m * listWords(k)), place(scratchFloats(m, k, n, 1) + 8 * 1024)];
        const fill = (at: number, length: number, zeros: number, special: number): void => {
          for (let i = 0; i < length; i++)
            floats[at / F32 + i] = dice.next() < zeros ? 0 : dice.next() < special ? dice.pick(SPECIAL) : dice.signed();
        };
        fill(w, k * n, 0, 0);
        fill(bias, n, 0.2, 0.2);
        for (const skips of [false, true]) {
          fill(x, m * k, 0.6, skips ? 0 : 0.02);
          const rest = [w, dice.pick([0, bias])] as const;
          const tail = [m, n, k, LEAKY, slope, scratch] as const;
          kernels.list_nonzeros(x, lists, m, k, scratch);
          if (skips) kernels.sparse_forward(x, lists, ...rest, expected, ...tail);
          else kernels.dense_forward(x, ...rest, expected, ...tail);
          const call = skips
            ? kernelCall('sparse_forward', x, lists, ...rest, got, ...tail)
            : kernelCall('dense_forward', x, ...rest, got, ...tail);
          words.fill(0x7fa0_0bad, got / F32 - 8, got / F32 + m * n + 8);
          run(isa, call, memory);
          const [a, b] = [got / F32, expected / F32];
          const wrong = Array.from({ length: m * n }, (_, i) => i).filter((i) => {
            return words[a + i] !== words[b + i] && !(Number.isNaN(floats[a + i]) && Number.isNaN(floats[b + i]));
          });
          t.deepEqual(wrong, [], `${call.kernel} ${m} ${n} ${k}, slope ${slope}`);
          t.true([-1, m * n].every((i) => words[a + i] === 0x7fa0_0bad));
        }
      }
    }
  });
}
