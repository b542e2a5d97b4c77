import test from 'ava';
import { bindKernels, compileKernels } from '../../src/kernels/kernels.ts';
import { optimizerType } from '../../src/optim/index.ts';

const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
const kernels = bindKernels(compileKernels(), memory);

test('sgd is p = p - lr * g in f32, multiply then subtract, and keeps no state', (t) => {
  const config = { type: 'sgd', lr: 0.1 } as const;
  const sgd = optimizerType(config);
  t.deepEqual(sgd.state(config), []);
  for (const count of [0, 1, 3, 4, 5, 8, 9, 100]) {
    const p = new Float32Array(memory.buffer, 64, count + 1);
    const g = new Float32Array(memory.buffer, 4096, count + 1);
    p.forEach((_, i) => {
      p[i] = Math.fround(Math.sin(i));
      g[i] = Math.fround(Math.cos(3 * i) * 7);
    });
    const expected = Array.from(p, (v, i) => (i < count ? Math.fround(v - Math.fround(Math.fround(0.1) * g[i]!)) : v));
    sgd.apply(kernels, config, { parameters: 64, gradient: 4096, state: [], count }, 0.1, 0);
    t.deepEqual([...p], expected);
  }
});
