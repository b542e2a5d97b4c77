import test from 'ava';
import { bindKernels } from '../../../src/kernels/bind.ts';
import type { Kernels } from '../../../src/kernels/kernels.ts';
import { compileKernels } from '../../../src/kernels/module.ts';
import { NativeGather } from '../../../src/kernels/native/gather.ts';
import { OVERLAID, overlaid } from '../../../src/kernels/native/overlay.ts';
import { CALLS, ElementwiseTrial } from '../../../src/kernels/native/prepare/trust-elementwise.ts';
import { NativeSite } from '../../../src/kernels/native/site.ts';
import { listWords } from '../../../src/kernels/sizes.ts';
import { AVX2, AVX512 } from '../../../src/native/isa.ts';
import { cpuHere } from '../../../src/native/system/cpu.ts';
import { addressOfWords } from '../../../src/native/system/foreign.ts';
import { Dice } from '../../engine/support/samples.ts';
import { interpreted, native, type Runs } from './support/routines.ts';

const PAGE_BYTES = 65_536;
const F32 = 4;
const GUARD = 0x7fa0_0bad;
const module = compileKernels();
const { isa: best } = cpuHere();

const WAYS: { title: string; runs: Runs; rounds: number }[] = [
  { title: 'avx2, interpreted', runs: interpreted(AVX2), rounds: 2 },
  { title: 'avx512, interpreted', runs: interpreted(AVX512), rounds: 2 },
  ...[AVX2, AVX512]
    .filter(({ lanes }) => best !== undefined && lanes <= best.lanes)
    .map((isa) => ({ title: `${isa.name}, on this processor`, runs: native(isa), rounds: 20 })),
];

interface Side {
  memory: WebAssembly.Memory;
  words: Int32Array;
  floats: Float32Array;
  kernels: Kernels;
}

function side(pages: number): Side {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return { memory, words: new Int32Array(memory.buffer), floats: new Float32Array(memory.buffer), kernels: bindKernels(module, memory) };
}

const SPECIAL = [
  0,
  -0,
  1e-45,
  -1e-45,
  1.1754942e-38,
  3.4028235e38,
  -3.4028235e38,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const randomFloat = (dice: Dice): number => (dice.next() < 0.1 ? dice.pick(SPECIAL) : dice.next() < 0.3 ? 0 : dice.signed());

function gathererOf(runs: Runs, site: NativeSite, memory: WebAssembly.Memory, bytes: Uint8Array<SharedArrayBuffer>): NativeGather {
  const offsets = new Uint32Array(new SharedArrayBuffer(1024));
  const find = runs(site, memory, [
    { at: addressOfWords(bytes), bytes: bytes.buffer },
    { at: addressOfWords(offsets), bytes: offsets.buffer },
  ]);
  return new NativeGather(site, find('u8_divided')!, find('u8_scaled')!, bytes, offsets);
}

/** Index of the first word that differs; NaN is NaN. */
function firstDifference(one: Side, other: Side): number {
  return one.words.findIndex((word, i) => word !== other.words[i] && !(Number.isNaN(one.floats[i]) && Number.isNaN(other.floats[i])));
}

for (const { title, runs, rounds } of WAYS) {
  test(`every kernel that routines do passes the check that comes before its first use: ${title}`, (t) => {
    const trial = new ElementwiseTrial(module, runs, [448, 451, 463]);
    for (const name of OVERLAID) t.true(trial.agrees(name), name);
  });

  test(`the kernels' bits for random counts and values, with an array at the very end of the memory: ${title}`, (t) => {
    const seed = Date.now() % 2 ** 31;
    t.log(`seed ${seed}`);
    const dice = new Dice(seed);
    const [theirs, mine] = [side(1), side(1)];
    const site = new NativeSite(mine.memory);
    const kernels = overlaid(mine.kernels, runs(site, mine.memory), site);
    for (let round = 0; round < rounds; round++) {
      for (const name of OVERLAID) {
        if (name === 'list_nonzeros') continue;
        const n = dice.int(384, 700);
        const places = [0, 1, 2, 3].map((i) => 8 + i * (n + 32) + dice.int(0, 9));
        places[dice.int(0, 3)] = PAGE_BYTES / F32 - n;
        const at = places.map((place) => place * F32) as [number, number, number, number];
        const scalars = [0, 1, 2, 3].map(() => Math.fround(dice.signed())) as [number, number, number, number];
        for (const place of places) for (let i = -8; i < n + 8; i++) mine.floats[place + i] = randomFloat(dice);
        theirs.words.set(mine.words);
        const args: readonly number[] = CALLS[name](at, n, scalars);
        const results = [theirs.kernels, kernels].map((one) =>
          (one[name] as (...values: readonly number[]) => number | undefined)(...args),
        );
        t.is(results[1], results[0], `${name} of ${n}`);
        t.is(firstDifference(mine, theirs), -1, `${name} of ${n} at ${places.join(', ')}`);
      }
    }
  });

  test(`lists of columns that are not zero, the last of which ends with the memory: ${title}`, (t) => {
    const seed = Date.now() % 2 ** 31;
    t.log(`seed ${seed}`);
    const dice = new Dice(seed);
    const { memory, words, floats, kernels: own } = side(1);
    const site = new NativeSite(memory);
    const kernels = overlaid(own, runs(site, memory), site);
    for (let round = 0; round < rounds * 6; round++) {
      const [m, k] = [dice.int(1, 6), dice.int(1, 70)];
      const width = listWords(k);
      const [x, lists] = [dice.int(0, 5), words.length - m * width];
      words.fill(GUARD);
      const density = dice.pick([0, 0.2, 0.5, 1]);
      for (let i = 0; i < m * k; i++)
        floats[x + i] = dice.next() < density ? dice.pick([1, -1e-45, Number.NaN, dice.signed()]) : dice.pick([0, -0]);
      kernels.list_nonzeros(x * F32, lists * F32, m, k, 8192);
      for (let row = 0; row < m; row++) {
        const expected = Array.from({ length: k }, (_, column) => column).filter((column) => floats[x + row * k + column] !== 0);
        const [count = -1, ...columns] = words.subarray(lists + row * width, lists + (row + 1) * width);
        t.deepEqual([count, ...columns.slice(0, count)], [expected.length, ...expected], `row ${row} of ${m}, ${k} columns`);
      }
      t.is(words[lists - 1], GUARD);
    }
  });

  test(`rows of bytes come to the end of the memory as u8_to_f32 converts them: ${title}`, (t) => {
    const dice = new Dice(3);
    const [theirs, mine] = [side(2), side(2)];
    const site = new NativeSite(mine.memory);
    const samples = 20;
    for (const width of [16, 17, 31, 32, 100]) {
      const bytes = new Uint8Array(new SharedArrayBuffer(samples * width)).map(() => dice.int(0, 255));
      const stored = new Uint8Array(new SharedArrayBuffer(samples * width));
      stored.set(bytes);
      // The numbers of the rows stand in memory of the gatherer's own.
      const gatherer = gathererOf(runs, site, mine.memory, stored);
      for (const divisor of [255, 256, 1, 3.5]) {
        const order = Uint32Array.from({ length: samples }, () => dice.int(0, samples - 1));
        const [offset, count] = [dice.int(0, 3), dice.int(1, samples - 3)];
        const to = mine.memory.buffer.byteLength - count * width * F32;
        mine.words.fill(GUARD);
        theirs.words.fill(GUARD);
        for (let row = 0; row < count; row++) {
          new Uint8Array(theirs.memory.buffer).set(stored.subarray(order[offset + row]! * width, (order[offset + row]! + 1) * width));
          theirs.kernels.u8_to_f32(0, to + row * width * F32, width, divisor);
        }
        theirs.words.fill(GUARD, 0, 25);
        t.true(gatherer.gather(order, offset, count, width, to, divisor));
        t.is(firstDifference(mine, theirs), -1, `${count} rows of ${width} bytes over ${divisor}`);
        t.false(gatherer.gather(order, offset, count, width, to + 4, divisor), 'beyond the memory');
        t.false(gatherer.gather(Uint32Array.of(0, samples), 0, 2, width, 0, divisor), 'a sample that there is not');
        t.false(gatherer.gather(order, samples - 1, 2, width, 0, divisor), 'a sample beyond the order');
        t.is(firstDifference(mine, theirs), -1);
      }
    }
  });
}

test('a routine that does something else is found', (t) => {
  const runs = interpreted(AVX2);
  const trial = new ElementwiseTrial(
    module,
    (site, memory) => {
      const find = runs(site, memory);
      return (name) => find(name === 'add' ? 'multiply' : name === 'relu_backward' ? 'relu_forward' : name);
    },
    [448],
  );
  t.false(trial.agrees('add'));
  t.false(trial.agrees('relu_backward'));
  t.true(trial.agrees('multiply'));
});

test('what is not in the memory reaches no routine: the kernel traps', (t) => {
  const { memory, kernels: own } = side(1);
  const site = new NativeSite(memory);
  let calls = 0;
  const kernels = overlaid(own, () => () => void calls++, site);
  const end = PAGE_BYTES - 400 * F32;
  t.throws(() => kernels.sgd_step(0, end, 512, 0.1), { instanceOf: WebAssembly.RuntimeError });
  t.throws(() => kernels.sgd_step(end, 0, 512, 0.1), { instanceOf: WebAssembly.RuntimeError });
  t.throws(() => kernels.scale_max(end, 512, 0.1), { instanceOf: WebAssembly.RuntimeError });
  t.throws(() => kernels.list_nonzeros(0, end, 3, 300, 0), { instanceOf: WebAssembly.RuntimeError });
  t.throws(() => kernels.add(0, -1024, 512), { instanceOf: WebAssembly.RuntimeError });
  // As WebAssembly takes numbers that are not whole.
  kernels.scale(0.5, 1, 512);
  kernels.scale(0, 1, 512.5);
  kernels.scale(0, 1, Number.NaN);
  t.is(calls, 0);
  kernels.scale(0, 1, 512);
  t.is(calls, 1);
});
