import test from 'ava';
import { Engine } from '../../../src/engine/coordinator/engine.ts';
import { codeUse, prepareCode } from '../../../src/engine/coordinator/native.ts';
import { planEngine } from '../../../src/engine/plan/plan.ts';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { specialise } from '../../../src/kernels/native/specialise.ts';
import { type NativeSupport, nativeSupport } from '../../../src/kernels/native/support.ts';
import { initialState } from '../../../src/model/initializers.ts';
import { modelDigest } from '../../../src/runs/files/model-file.ts';
import { experimentOf } from '../support/live.ts';
import { makeSamples } from '../support/samples.ts';
import { threads } from '../support/warm-threads.ts';

const support = nativeSupport();
const nativeTest = 'isa' in support ? test : test.skip;
const NONE: NativeSupport = { reason: 'the optional package koffi is not installed' };

test('auto takes WebAssembly where there is no machine code, and says why', (t) => {
  t.deepEqual(
    codeUse({ code: 'auto' }, () => NONE),
    { name: 'wasm', reason: NONE.reason, distrusted: [] },
  );
});

test('wasm asks for nothing of the processor', (t) => {
  const use = codeUse({ code: 'wasm' }, () => t.fail('it was asked'));
  t.deepEqual(use, { name: 'wasm', reason: 'parallel.code says so', distrusted: [] });
});

test('native where there is no machine code is E_ENGINE, exit 69, with the reason', (t) => {
  const error = t.throws(() => codeUse({ code: 'native' }, () => NONE), { instanceOf: GradloomError });
  t.is(error.code, 'E_ENGINE');
  t.is(error.exitCode, EXIT.unavailable);
  t.is(error.where, 'parallel.code');
  t.is(error.message, 'no machine code here: the optional package koffi is not installed');
  t.is(error.next, 'set parallel.code: auto, and WebAssembly computes the same bits');
});

/** 5 steps of a small network whose width is the test's own, so that no routine is there before. */
async function train(units: number, code: 'native' | 'wasm', make?: typeof specialise) {
  const experiment = experimentOf({
    model: { layers: [{ units, activation: 'relu' }, { units: 4 }] },
    train: { batch_size: 32, steps: 5, eval: { on: 'none' } },
    parallel: { code, skip_zeros: 'never' },
  });
  const dataset = makeSamples({ rows: { train: 64 }, features: 23, target: { classes: 4 } });
  const plan = planEngine(experiment, dataset, 2, 5);
  const initial = initialState(plan.network, experiment.model, experiment.seed);
  const engine = await Engine.start(plan, dataset, initial, { threads, ...(make && { specialise: make }) });
  try {
    await engine.train(0, 5);
    return { digest: modelDigest(plan.network, engine.shared.snapshot()), code: engine.code };
  } finally {
    await engine.close();
  }
}

nativeTest('wrong machine code is named, its kernels compute, and the bits are those of WebAssembly', async (t) => {
  const wasm = await train(61, 'wasm');
  const wrong: typeof specialise = (isa, call, words) => {
    const found = specialise(isa, call, words);
    if (found === undefined || call.kernel !== 'matmul_nt') return found;
    // Nothing is computed at all.
    return { ...found, make: () => Object.assign(found.make('sysv'), { code: () => Uint8Array.of(0xc3) }) };
  };
  const native = await train(61, 'native', wrong);
  t.is(native.code.distrusted.length, 1);
  t.regex(native.code.distrusted[0] ?? '', /^nt avx\w+ 16 61 4$/);
  t.is(native.digest, wasm.digest);
});

nativeTest('machine code is what the engine says computes', async (t) => {
  const native = await train(62, 'native');
  t.is(native.code.name, 'isa' in support ? `native-${support.isa.name}` : 'wasm');
  t.deepEqual(native.code.distrusted, []);
  t.is((await train(62, 'wasm')).code.name, 'wasm');
});

nativeTest('where memory for the check is refused WebAssembly computes, or native is refused', async (t) => {
  const dataset = makeSamples({ rows: { train: 64 }, features: 23, target: { classes: 4 } });
  const refuse = (): never => {
    throw new RangeError('WebAssembly.Memory(): could not allocate memory');
  };
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  const prepare = (code: 'native' | 'auto') => {
    const experiment = experimentOf({ model: { layers: [{ units: 4 }] }, train: { batch_size: 32, steps: 5 }, parallel: { code } });
    return prepareCode(
      planEngine(experiment, dataset, 1, 5),
      dataset,
      memory,
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
      refuse,
    );
  };
  t.deepEqual(await prepare('auto'), {
    use: { name: 'wasm', reason: 'WebAssembly.Memory(): could not allocate memory', distrusted: [] },
  });
  await t.throwsAsync(prepare('native'), { instanceOf: GradloomError, code: 'E_ENGINE' });
});
