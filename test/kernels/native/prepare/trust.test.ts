import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import { type KernelCall, kernelCall } from '../../../../src/kernels/call.ts';
import type { WindowArgs } from '../../../../src/kernels/interface/convolution.ts';
import { compileKernels } from '../../../../src/kernels/module.ts';
import { prepareNative } from '../../../../src/kernels/native/prepare/prepare.ts';
import { TrustedCode } from '../../../../src/kernels/native/prepare/trusted.ts';
import type { Specialised } from '../../../../src/kernels/native/specialise/specialised.ts';
import { specialise } from '../../../../src/kernels/native/specialise.ts';
import { nativeSupport } from '../../../../src/kernels/native/support.ts';

const support = nativeSupport();
const nativeTest = 'isa' in support ? test.serial : test.skip;
const module = compileKernels();
const LEAVES = 4;
/** Each test asks for a shape of its own: what the process has made once stays. */
let width = 17;

/** Windows of 2x3 that do not overlap. */
function window(channels: number): WindowArgs {
  return [4, 6, channels, 2, 3, 2, 3, 1, 1, 0, 0, 2, 2];
}

/** The bounds of leaves at address 0, and calls of all kernels that have routines. */
function callsOf(n: number): { words: Int32Array; calls: KernelCall[] } {
  const [m, k] = [16, 33];
  const words = new Int32Array(1024);
  words.set([0, 4, 8, 12, m]);
  return {
    words,
    calls: [
      kernelCall('dense_forward', 4096, 16_384, 65_536, 131_072, m, n, k, 1, 0, 262_144),
      kernelCall('matmul_nt', 4096, 16_384, 65_536, m, n, k, 262_144),
      kernelCall('dense_weight_gradient', 4096, 16_384, 65_536, 0, LEAVES, k, n, k, 262_144),
      kernelCall('sparse_forward', 4096, 8192, 16_384, 65_536, 131_072, m, n, k, 1, 0, 262_144),
      kernelCall('sparse_weight_gradient', 4096, 16_384, 65_536, 0, LEAVES, k, n, k, 262_144),
      kernelCall('conv_forward', 4096, 16_384, 65_536, 131_072, m, ...window(3), n, 1, 1, 0, 262_144),
      kernelCall('conv_input_gradient', 4096, 16_384, 65_536, m, ...window(n), 5, 1, 262_144),
      kernelCall('conv_weight_gradient', 4096, 16_384, 65_536, 0, LEAVES, ...window(3), n, 1, 262_144),
      kernelCall('max_pool_forward', 4096, 65_536, 131_072, m, ...window(n)),
      kernelCall('max_pool_backward', 4096, 65_536, 131_072, m, ...window(n)),
    ],
  };
}

function ownCache(t: { teardown(end: () => void): void }): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gradloom-trust-'));
  const before = process.env['GRADLOOM_CACHE_DIR'];
  process.env['GRADLOOM_CACHE_DIR'] = directory;
  t.teardown(() => {
    if (before === undefined) delete process.env['GRADLOOM_CACHE_DIR'];
    else process.env['GRADLOOM_CACHE_DIR'] = before;
    rmSync(directory, { recursive: true });
  });
  return directory;
}

/** Routines for `make` of the call that they are for. */
function prepare(calls: readonly KernelCall[], words: Int32Array, make = specialise) {
  if (!('isa' in support)) throw new Error('no machine code here');
  return prepareNative(support, calls, words, module, make);
}

nativeTest('routines that do what their kernels do are used, and trusted by the next process', async (t) => {
  const directory = ownCache(t);
  const { words, calls } = callsOf(width++);
  const { routines, distrusted } = await prepare(calls, words);
  t.is(routines.length, calls.length);
  t.deepEqual(distrusted, []);
  const [file = ''] = readdirSync(directory);
  t.regex(file, /^native-\d+-[\w-]+\.txt$/);
  t.is(readFileSync(path.join(directory, file), 'utf8').trim().split('\n').length, calls.length);
});

/** What a fault of a generator, of the processor or of an update could make of each call: other code under the same name. */
const WRONG: readonly [string, (specialised: Specialised, call: KernelCall, words: Int32Array) => Specialised][] = [
  ['leaves out the last step of its sum', (right, call, words) => ({ ...right, make: made(call, words, 'k', -1) })],
  ['leaves out a column', (right, call, words) => ({ ...right, make: made(call, words, 'n', -1) })],
];

/** Where the sizes stand in the arguments of each kernel. The inputs of sparse_forward say where its lists stand, too, and must be right. */
const SIZES: Partial<Record<string, { n: number; k: number }>> = {
  dense_forward: { n: 5, k: 6 },
  matmul_nt: { n: 4, k: 5 },
  dense_weight_gradient: { n: 6, k: 5 },
  sparse_forward: { n: 6, k: 6 },
  sparse_weight_gradient: { n: 6, k: 5 },
  // Lines of the kernel in place of steps.
  conv_forward: { n: 18, k: 8 },
  conv_input_gradient: { n: 6, k: 7 },
  conv_weight_gradient: { n: 18, k: 8 },
  max_pool_forward: { n: 6, k: 7 },
  max_pool_backward: { n: 6, k: 7 },
};

function made({ kernel, args }: KernelCall, words: Int32Array, size: 'n' | 'k', by: number): Specialised['make'] {
  const at = SIZES[kernel]?.[size] ?? -1;
  const other = { kernel, args: args.map((value, i) => (i === at ? value + by : value)) } as unknown as KernelCall;
  return (convention) => {
    const found = 'isa' in support ? specialise(support.isa, other, words) : undefined;
    if (found === undefined) throw new Error('no routine for the other call');
    return found.make(convention);
  };
}

for (const [what, wrong] of WRONG) {
  nativeTest(`a routine that ${what} is found and not used, whatever its kernel`, async (t) => {
    const directory = ownCache(t);
    const { words, calls } = callsOf(width++);
    const { routines, distrusted } = await prepare(calls, words, (isa, call, table) => {
      const right = specialise(isa, call, table);
      return right && wrong(right, call, table);
    });
    t.deepEqual(
      distrusted,
      calls.map((call) => ('isa' in support ? specialise(support.isa, call, words)?.key : undefined)),
    );
    t.deepEqual(routines, []);
    t.deepEqual(readdirSync(directory), []);
    // What is distrusted once stays so for the process: its code is in place.
    t.is((await prepare(calls, words)).distrusted.length, calls.length);
  });
}

nativeTest('runs that begin at the same time wait for the check: nobody gets a routine that has not passed it', async (t) => {
  ownCache(t);
  const { words, calls } = callsOf(width++);
  const wrong: typeof specialise = (isa, call, table) => {
    const right = specialise(isa, call, table);
    return right && { ...right, make: made(call, table, 'n', -1) };
  };
  const prepared = await Promise.all([prepare(calls, words, wrong), prepare(calls, words, wrong)]);
  for (const { routines, distrusted } of prepared) {
    t.deepEqual(routines, []);
    t.is(distrusted.length, calls.length);
  }
});

nativeTest('routines whose check could not be made are not used, and are checked the next time', async (t) => {
  ownCache(t);
  const { words, calls } = callsOf(width++);
  const none = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  if (!('isa' in support)) throw new Error('no machine code here');
  // A module without kernels: there is nothing to compare with.
  await t.throwsAsync(prepareNative(support, calls, words, none));
  const { routines, distrusted } = await prepare(calls, words);
  t.is(routines.length, calls.length);
  t.deepEqual(distrusted, []);
});

nativeTest('a call outside of the table, and one of a shape without a routine, are left to the kernel', async (t) => {
  ownCache(t);
  const empty = kernelCall('dense_forward', 0, 0, 0, 0, 0, 4, 4, 0, 0, 0);
  const { routines } = await prepare([empty, kernelCall('scale', 0, 1, 4)], new Int32Array(16));
  t.deepEqual(routines, []);
});

test.serial('trust is kept in a file of the user; lines that are no hashes are left out', async (t) => {
  const directory = ownCache(t);
  const code = Uint8Array.of(1, 2, 3);
  const trusted = await TrustedCode.read('Some CPU (R) @ 2 GHz');
  t.false(trusted.has(code));
  trusted.add(code);
  await trusted.write();
  const [file = ''] = readdirSync(directory);
  t.regex(file, /-Some-CPU-R-2-GHz\.txt$/);
  writeFileSync(path.join(directory, file), `not a hash\n${readFileSync(path.join(directory, file), 'utf8')}\0\n`);
  const again = await TrustedCode.read('Some CPU (R) @ 2 GHz');
  t.true(again.has(code));
  t.false(again.has(Uint8Array.of(1, 2)));
  t.false((await TrustedCode.read('Another CPU')).has(code));
});

test.serial('a cache that cannot be read or written costs the check, and nothing else', async (t) => {
  ownCache(t);
  const file = path.join(process.env['GRADLOOM_CACHE_DIR'] ?? '', 'a-file');
  writeFileSync(file, '');
  process.env['GRADLOOM_CACHE_DIR'] = file;
  const trusted = await TrustedCode.read('cpu');
  trusted.add(Uint8Array.of(1));
  await t.notThrowsAsync(trusted.write());
  t.true(trusted.has(Uint8Array.of(1)));
});
