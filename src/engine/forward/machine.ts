import { compileKernels } from '../../kernels/module.ts';
import { nativeCalls } from '../../kernels/native/bind.ts';
import { elementwise } from '../../kernels/native/overlay.ts';
import { prepareElementwise, prepareNative } from '../../kernels/native/prepare/prepare.ts';
import { nativeSupport } from '../../kernels/native/support.ts';
import { reserveMemory } from '../../machine/refusal.ts';
import type { ForwardCode, ForwardHost, ForwardWork } from './pass.ts';

/** A pass on this machine: its kernels come from a file, and a refusal names the limit. */
export function machineHost(): ForwardHost {
  return { kernels: compileKernels(), reserve: reserveMemory };
}

/** Machine code for a pass; undefined where the system does not allow it. */
export async function machineCode({ calls, memory, module, kernels, scratch }: ForwardWork): Promise<ForwardCode | undefined> {
  const support = nativeSupport();
  if (!('isa' in support)) return undefined;
  const { isa, routines } = await prepareNative(support, calls, new Int32Array(memory.buffer), module);
  const common = await prepareElementwise(support, module);
  const native = { isa, routines: [...routines, ...common.routines] };
  const bound = nativeCalls(native, memory, scratch);
  return { kernels: elementwise(native, kernels, memory).kernels, runOf: (call) => bound.runOf(call) };
}
