import type { Dataset } from '../../data/dataset.ts';
import { GradloomError } from '../../errors.ts';
import { backendOf } from '../../kernels/backends/index.ts';
import type { KernelCall } from '../../kernels/call.ts';
import type { NativeCode } from '../../kernels/native/bind.ts';
import { prepareNative } from '../../kernels/native/prepare.ts';
import { programKeys } from '../plan/lower/keys.ts';
import { lowerProgram } from '../plan/lower/lower.ts';
import { callsOf } from '../plan/lower/program.ts';
import type { EnginePlan } from '../plan/plan.ts';

/**
 * Machine code for what a run will call; undefined where WebAssembly computes.
 *
 * @throws GradloomError E_ENGINE where the experiment asks for machine code and there is none
 */
export function nativeCodeFor(
  plan: EnginePlan,
  dataset: Dataset,
  memory: WebAssembly.Memory,
  module: WebAssembly.Module,
): NativeCode | undefined {
  const { code } = plan.experiment.parallel;
  if (code === 'wasm' || !backendOf(plan.experiment.numerics).traits.portable) return undefined;
  try {
    const words = new Int32Array(memory.buffer);
    const native = prepareNative(callsIn(plan, dataset, words), words, module, () => undefined);
    if (native !== undefined || code === 'auto') return native;
    throw new Error('this processor has neither AVX2 nor AVX-512');
  } catch (cause) {
    if (code === 'auto') return undefined;
    throw new GradloomError({
      code: 'E_ENGINE',
      where: 'parallel.code',
      message: `no machine code here: ${cause instanceof Error ? cause.message : String(cause)}`,
      next: 'set parallel.code: auto',
      cause,
    });
  }
}

/** The calls of all ranks; writes their tables, as the ranks will. */
function callsIn(plan: EnginePlan, { splits }: Dataset, words: Int32Array): KernelCall[] {
  const keys = programKeys(
    plan,
    Object.values(splits).map(({ length }) => length),
  );
  const calls: KernelCall[] = [];
  for (let rank = 0; rank < plan.workers; rank++) {
    for (const key of keys) {
      const program = lowerProgram(plan, rank, key);
      for (const { at, words: table } of program.tables) words.set(table, at / Int32Array.BYTES_PER_ELEMENT);
      calls.push(...callsOf(program));
    }
  }
  return calls;
}
