import { GradloomError } from '../../errors.ts';
import type { Isa } from '../../native/isa.ts';
import { cpuHere, isaWithin, LIMITS } from '../../native/system/cpu.ts';

/** Whether machine code can be made and run here; why not, where it cannot. */
export type NativeSupport = { isa: Isa; cpu: string } | { reason: string };

/** What the products of a run are computed by. */
export type CodeName = `native-${Isa['name']}` | 'wasm';

let known: NativeSupport | undefined;

/**
 * Looks at the processor and the system, once; generates a few bytes of code for it.
 *
 * @throws GradloomError E_USAGE for a GRADLOOM_CPU that is not known
 */
export function nativeSupport(): NativeSupport {
  known ??= examine(process.env['GRADLOOM_CPU']);
  return known;
}

function examine(limit: string | undefined): NativeSupport {
  const allowed = LIMITS.find((name) => name === limit);
  if (limit && allowed === undefined) {
    throw new GradloomError({
      code: 'E_USAGE',
      where: 'GRADLOOM_CPU',
      message: `${limit} is not known; expected ${LIMITS.join(' or ')}`,
      next: 'unset it, and the best that the processor has is used',
    });
  }
  try {
    const { isa, name } = cpuHere();
    if (isa === undefined) return { reason: `the processor (${name}) has neither AVX2 nor AVX-512` };
    return { isa: isaWithin(isa, allowed), cpu: name };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
