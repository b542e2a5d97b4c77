import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { EXIT } from '../../src/errors.ts';
import { nativeSupport } from '../../src/kernels/native/support.ts';
import { gradloom, workplace } from './support/run-cli.ts';

const support = nativeSupport();
const nativeTest = 'isa' in support ? test : test.skip;
const WITHOUT_KOFFI = { NODE_OPTIONS: `--import=${fileURLToPath(new URL('./support/without-koffi.js', import.meta.url))}` };

test('parallel.code=native without koffi is E_ENGINE (69) at its line, and leaves no run behind', async (t) => {
  const cwd = workplace(t);
  const { code, stderr } = await gradloom(['train', 'small.yaml', 'parallel.code=native'], { cwd, env: WITHOUT_KOFFI });
  t.is(code, EXIT.unavailable, stderr);
  t.is(
    stderr,
    'command line: parallel.code=native  error[E_ENGINE]  parallel.code: no machine code here: the optional package koffi is not installed\n' +
      'command line: parallel.code=native\n' +
      '                            ^^^^^^\n' +
      'next: set parallel.code: auto, and WebAssembly computes the same bits\n',
  );
  t.deepEqual(readdirSync(cwd), ['small.yaml']);
});

test('without koffi auto trains by WebAssembly to the same digest; check and doctor say why', async (t) => {
  const cwd = workplace(t);
  const runs = await Promise.all([
    gradloom(['train', 'small.yaml', '--json'], { cwd }),
    gradloom(['train', 'small.yaml', '--json'], { cwd, env: WITHOUT_KOFFI }),
  ]);
  const [plain, without] = runs.map(({ stdout }) => JSON.parse(stdout) as { digest: string; code: string; directory: string });
  t.is(without?.code, 'wasm');
  t.is(without?.digest, plain?.digest);
  const environment = JSON.parse(readFileSync(path.join(without?.directory ?? '', 'env.json'), 'utf8')) as { code: string };
  t.is(environment.code, 'wasm');
  const { stdout } = await gradloom(['check', 'small.yaml'], { cwd, env: WITHOUT_KOFFI });
  t.regex(stdout, /code +wasm \(the optional package koffi is not installed\)/);
  const doctor = await gradloom(['doctor'], { cwd, env: WITHOUT_KOFFI });
  t.is(doctor.code, EXIT.ok, doctor.stdout);
  t.regex(doctor.stdout, /machine code +none, so WebAssembly computes, with the same bits: the optional\s+package\s+koffi/);
});

nativeTest('a run says which code computed it: env.json, summary, check, show', async (t) => {
  const name = 'isa' in support ? `native-${support.isa.name}` : '';
  const cwd = workplace(t);
  const { stdout, stderr } = await gradloom(['train', 'small.yaml'], { cwd });
  t.true(stderr.includes(`, ${name}\n`), stderr);
  t.regex(stdout, new RegExp(`code +${name}\n`));
  const [run = ''] = readdirSync(path.join(cwd, 'runs'));
  t.is((JSON.parse(readFileSync(path.join(cwd, 'runs', run, 'env.json'), 'utf8')) as { code: string }).code, name);
  t.is((JSON.parse(readFileSync(path.join(cwd, 'runs', run, 'summary.json'), 'utf8')) as { code: string }).code, name);
  const check = JSON.parse((await gradloom(['check', 'small.yaml', '--json'], { cwd })).stdout) as { code: string };
  t.is(check.code, name);
  t.true((await gradloom(['runs', 'show', run], { cwd })).stdout.includes(`, ${name}`));
});

nativeTest('GRADLOOM_CPU=avx2 limits what machine code may use, with the same bits', async (t) => {
  const cwd = workplace(t);
  const [best, limited] = await Promise.all(
    [{}, { GRADLOOM_CPU: 'avx2' }].map(async (env) => {
      const { stdout } = await gradloom(['train', 'small.yaml', '--json'], { cwd, env });
      return JSON.parse(stdout) as { digest: string; code: string };
    }),
  );
  t.is(limited?.code, 'native-avx2');
  t.is(limited?.digest, best?.digest);
});

test('a GRADLOOM_CPU that is not known is E_USAGE (64) with those that are', async (t) => {
  const cwd = workplace(t);
  for (const args of [['train', 'small.yaml'], ['check', 'small.yaml'], ['doctor']]) {
    const { code, stderr } = await gradloom(args, { cwd, env: { GRADLOOM_CPU: 'sse' } });
    t.is(code, EXIT.usage, stderr);
    t.is(
      stderr,
      'GRADLOOM_CPU  error[E_USAGE]  sse is not known; expected avx2 or avx512\nnext: unset it, and the best that the processor has is used\n',
    );
  }
});
