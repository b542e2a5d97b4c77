import os from 'node:os';
import { KERNEL_VERSION } from '../src/kernels/module.ts';
import { countCores } from '../src/machine/cores.ts';
import { packageVersion } from '../src/machine/version.ts';
import { loadAverage } from '../src/speedup/measurement/noise.ts';
import type { BenchResult } from './figures.ts';

export function describeMachine(): BenchResult['machine'] {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    usable_cores: countCores().usable,
    node: process.version,
    gradloom: packageVersion(),
    kernels: KERNEL_VERSION,
    load_before: loadAverage() ?? null,
  };
}
