import test from 'ava';
import { bindKernels } from '../../../src/kernels/bind.ts';
import { testKernels } from '../../../src/kernels/check/selftest.ts';
import type { Kernels } from '../../../src/kernels/kernels.ts';
import { compileKernels } from '../../../src/kernels/module.ts';

function setUp(): { kernels: Kernels; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  return { kernels: bindKernels(compileKernels(), memory), memory };
}

test('our kernels stay within their bounds', (t) => {
  const { kernels, memory } = setUp();
  const { matmul, exp } = testKernels(kernels, memory);
  t.true(matmul <= 1 && exp <= 1, `${matmul} ${exp}`);
});

for (const wrong of [1e-3, Number.NaN]) {
  test(`a product and an exp that are off by ${wrong} are found`, (t) => {
    const { kernels, memory } = setUp();
    // In the last element only, which a test that stops short would miss.
    const spoil = (pointer: number, count: number): void => {
      const last = new Float32Array(memory.buffer, pointer, count);
      last[count - 1] = (last[count - 1] as number) + wrong;
    };
    const { matmul, exp } = testKernels(
      {
        ...kernels,
        dense_forward: (...args) => {
          kernels.dense_forward(...args);
          spoil(args[3], args[4] * args[5]);
        },
        sigmoid_forward: (...args) => {
          kernels.sigmoid_forward(...args);
          spoil(args[1], args[2]);
        },
      },
      memory,
    );
    t.false(matmul <= 1);
    t.false(exp <= 1);
  });
}
