import { execFileSync } from 'node:child_process';
import test from 'ava';
import { BACKENDS, type BackendName } from '../../src/config/names/backends.ts';
import { lowerProgram } from '../../src/engine/plan/lower/lower.ts';
import { planEngine } from '../../src/engine/plan/plan.ts';
import { GradloomError } from '../../src/errors.ts';
import { backendOf } from '../../src/kernels/backends/index.ts';
import { findBlas } from '../../src/kernels/blas.ts';
import { experimentOf, hex, stateBits, trained, trained64 } from './support/live.ts';
import { relativeError } from './support/reference-layers.ts';
import { makeSamples } from './support/samples.ts';

// One suite for all engines. What a machine lacks is skipped, but never where CI is set: there everything must run.
const CI = process.env['CI'] !== undefined;

function isHere(engine: BackendName): boolean {
  try {
    backendOf({ engine }).load();
    return true;
  } catch (error) {
    if (CI || !(error instanceof GradloomError) || error.code !== 'E_ENGINE') throw error;
    return false;
  }
}

/** bound: relative to the largest value of a tensor, after 20 steps: engines round otherwise at every product. */
const AGREEMENT = 1e-4;
const REFERENCE = 2e-6;

interface Case {
  title: string;
  layers: object[];
  rest?: object;
  train?: object;
}

const CASES: Case[] = [
  {
    title: 'odd sizes',
    layers: [
      { units: 45, activation: 'relu' },
      { units: 1, activation: 'tanh' },
    ],
  },
  { title: 'leaves without rows', layers: [{ units: 33, activation: { type: 'leaky_relu', slope: 0.1 } }], train: { batch_size: 7 } },
  {
    title: 'norms, dropout, residual, several batches an update',
    layers: [
      { units: 45, batch_norm: true, activation: 'gelu', residual: true },
      { units: 70, layer_norm: true, activation: 'tanh', dropout: 0.2 },
    ],
    train: { accumulate: 2, batch_size: 30 },
    // Adam would make a step of the rounding noise that is the gradient of a bias before batch norm.
    rest: { regularization: { l2: 0.01, clip_global_norm: 1 }, optimizer: { type: 'sgd', lr: 0.1, momentum: 0.5 } },
  },
];
const dataset = makeSamples({ rows: { train: 93 }, features: 45, target: { classes: 10 } });

function experimentFor({ layers, train, rest }: Case, engine: BackendName, parallel = {}) {
  return experimentOf({
    model: { layers: [...layers, { units: 10 }] },
    optimizer: { type: 'sgd', lr: 0.1 },
    ...rest,
    train: { batch_size: 40, steps: 20, eval: { on: 'none' }, ...train },
    numerics: { engine },
    parallel,
    track: { log_every: { steps: 1 } },
  });
}

for (const engine of BACKENDS) {
  const on = isHere(engine) ? test.serial : test.skip;

  for (const c of CASES) {
    on(`N6 ${engine}: 1, 2, 3 and 4 workers give the same bits: ${c.title}`, async (t) => {
      const bits = async (workers: number) => {
        const { steps, state } = await trained(experimentFor(c, engine), dataset, workers);
        return {
          steps: hex(steps.flatMap(({ loss, gradientNorm = 0, penalty }) => [loss, gradientNorm, penalty])),
          state: stateBits(state),
        };
      };
      const one = await bits(1);
      for (const workers of [2, 3, 4]) t.deepEqual(await bits(workers), one, `${workers} workers`);
    });

    on(`${engine} agrees with wasm after 20 steps: ${c.title}`, async (t) => {
      const [own, plain] = [await trained(experimentFor(c, engine), dataset, 2), await trained(experimentFor(c, 'wasm'), dataset, 1)];
      const scale = Math.max(...plain.state.parameters.map(Math.abs));
      const largest = own.state.parameters.reduce((worst, p, i) => Math.max(worst, Math.abs(p - plain.state.parameters[i]!)), 0);
      t.true(largest <= AGREEMENT * scale, `${largest} of ${scale}`);
      if (engine !== 'wasm') t.not(hex(own.state.parameters), hex(plain.state.parameters), 'other rounding');
    });
  }

  on(`N1 ${engine}: one step is that of the f64 reference`, async (t) => {
    // Large, so that the step is the gradient.
    const c = {
      ...CASES[0]!,
      layers: [
        { units: 45, activation: 'gelu' },
        { units: 3, activation: 'tanh' },
      ],
      train: { steps: 1 },
    };
    const experiment = experimentFor({ ...c, rest: { optimizer: { type: 'sgd', lr: 64 } } }, engine);
    const { state, steps } = await trained(experiment, dataset, 3);
    const { training, steps: steps64 } = trained64(experiment, dataset);
    t.true(Math.abs(steps[0]!.loss - steps64[0]!.loss) <= REFERENCE * steps64[0]!.loss);
    const { network } = planEngine(experiment, dataset, 1);
    const { error, tensor } = relativeError(network, state, training.model.parameters);
    t.true(error <= REFERENCE, `${tensor}: ${error}`);
  });

  if (engine === 'blas') continue;
  on(`N6 ${engine}: factors and gradients give the same bits`, async (t) => {
    for (const c of CASES) {
      const bits = async (exchange: string) => stateBits((await trained(experimentFor(c, engine, { exchange }), dataset, 2)).state);
      t.deepEqual(await bits('factors'), await bits('gradients'));
    }
  });
}

test('products of a BLAS have shapes that the workers do not change', (t) => {
  const shapes = (workers: number) => {
    const plan = planEngine(experimentFor(CASES[2]!, 'blas'), dataset, workers);
    const calls = Array.from({ length: workers }, (_, rank) => {
      const { phases, slice } = lowerProgram(plan, rank, { kind: 'full', batchRows: 30, stepRow: 0, averaged: false });
      return [...phases.flat(), ...slice];
    }).flat();
    const sizes = { dense_forward: [4, 5, 6], matmul_nt: [3, 4, 5], dense_weight_gradient: [4, 5, 6, 7] };
    return Object.entries(sizes).map(([kernel, args]) =>
      calls
        .filter((call) => call.kernel === kernel)
        .map((call) => args.map((i) => call.args[i]).join(' '))
        .sort(),
    );
  };
  t.true(shapes(1).every((calls) => calls.length > 0));
  for (const workers of [2, 3, 4, 16]) t.deepEqual(shapes(workers), shapes(1));
});

test('a BLAS that is named and is none is E_ENGINE, exit 69, with the way out', (t) => {
  for (const name of ['/nowhere/libblas.so', process.execPath]) {
    const error = t.throws(() => findBlas(name), { instanceOf: GradloomError });
    t.is(error.code, 'E_ENGINE');
    t.is(error.exitCode, 69);
    t.true(error.message.startsWith(`GRADLOOM_BLAS names no usable BLAS: ${name}: `), error.message);
    t.regex(error.next!, /GRADLOOM_BLAS=\/path\/to\/library; or set numerics\.engine: wasm$/);
  }
});

/** The error of a program that runs `before`, then asks for an engine's code. */
function errorIn(before: string, engine: BackendName): { code: string; message: string; next: string; exitCode: number } {
  const program = `
    import module from 'node:module';
    ${before}
    const { backendOf } = await import('${new URL('../../src/kernels/backends/index.js', import.meta.url).href}');
    try { backendOf({ engine: '${engine}' }).load(); } catch ({ code, message, next, exitCode }) { console.log(JSON.stringify({ code, message, next, exitCode })); }`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })) as ReturnType<
    typeof errorIn
  >;
}

test('without koffi the engine blas is E_ENGINE, exit 69, and says what to install', (t) => {
  const hideKoffi = `
    const load = module._load;
    module._load = (name, ...rest) => { if (name === 'koffi') throw new Error('hidden'); return load(name, ...rest); };`;
  t.deepEqual(errorIn(hideKoffi, 'blas'), {
    code: 'E_ENGINE',
    message: 'the engine blas needs the npm package koffi, which is missing here or does not run on this platform',
    next: 'npm install koffi@3.3.4, or set numerics.engine: wasm',
    exitCode: 69,
  });
});

// Node 20 has relaxed SIMD behind a flag, so there it can be missing.
const onNode20 = process.versions.node.startsWith('20.') ? test : test.skip;
onNode20('without relaxed SIMD the engine wasm-fma is E_ENGINE, exit 69', (t) => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '21.0.0' } });`;
  t.deepEqual(errorIn(pretend, 'wasm-fma'), {
    code: 'E_ENGINE',
    message: 'the engine wasm-fma needs relaxed SIMD, which Node 21.0.0 does not compile here',
    next: 'use Node 20 or newer without flags that switch it off, or set numerics.engine: wasm',
    exitCode: 69,
  });
});
