import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { GradloomError } from '../../errors.ts';
import type { KernelCall } from '../../kernels/call.ts';
import type { NativeCode } from '../../kernels/native/bind.ts';
import { prepareElementwise, prepareNative } from '../../kernels/native/prepare/prepare.ts';
import { specialise } from '../../kernels/native/specialise.ts';
import { type CodeName, type NativeSupport, nativeSupport } from '../../kernels/native/support.ts';
import { programKeys } from '../plan/lower/keys.ts';
import { lowerProgram } from '../plan/lower/lower.ts';
import { callsOf } from '../plan/lower/program.ts';
import type { EnginePlan } from '../plan/plan.ts';

/** What computes, and what is to be said of it. */
export interface CodeUse {
  name: CodeName;
  /** Of WebAssembly: why it is not machine code. */
  reason?: string;
  /** Kernels with shapes that WebAssembly computes, as their machine code was found to be wrong. */
  distrusted: readonly string[];
}

/**
 * What would compute with such a configuration here.
 *
 * @throws GradloomError E_ENGINE where it asks for machine code and there can be none, E_USAGE as `nativeSupport`
 */
export function codeUse({ code }: Pick<Experiment['parallel'], 'code'>, support: () => NativeSupport = nativeSupport): CodeUse {
  if (code === 'wasm') return { name: 'wasm', reason: 'parallel.code says so', distrusted: [] };
  const found = support();
  if ('isa' in found) return { name: `native-${found.isa.name}`, distrusted: [] };
  if (code === 'native') throw impossible(found.reason);
  return { name: 'wasm', reason: found.reason, distrusted: [] };
}

/**
 * Machine code for what a run will call, where it can be had.
 *
 * @throws GradloomError as `codeUse`
 */
export async function prepareCode(
  plan: EnginePlan,
  dataset: Dataset,
  memory: WebAssembly.Memory,
  module: WebAssembly.Module,
  make = specialise,
): Promise<{ use: CodeUse; native?: NativeCode }> {
  const { parallel } = plan.experiment;
  const use = codeUse(parallel);
  const support = nativeSupport();
  if (use.name === 'wasm' || !('isa' in support)) return { use };
  try {
    const words = new Int32Array(memory.buffer);
    const { distrusted, ...native } = await prepareNative(support, callsIn(plan, dataset, words), words, module, make);
    const elementwise = await prepareElementwise(support, module);
    return {
      use: { ...use, distrusted: [...distrusted, ...elementwise.distrusted] },
      native: { ...native, routines: [...native.routines, ...elementwise.routines] },
    };
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (parallel.code === 'native') throw impossible(reason, cause);
    return { use: { name: 'wasm', reason, distrusted: [] } };
  }
}

function impossible(reason: string, cause?: unknown): GradloomError {
  return new GradloomError({
    code: 'E_ENGINE',
    where: 'parallel.code',
    message: `no machine code here: ${reason}`,
    next: 'set parallel.code: auto, and WebAssembly computes the same bits',
    cause,
  });
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
