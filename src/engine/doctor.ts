import { accessSync, constants, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bindKernels } from '../kernels/bind.ts';
import { measureTileRate, TILE_RATE_BYTES } from '../kernels/check/calibrate.ts';
import { SELF_TEST_BYTES, testKernels } from '../kernels/check/selftest.ts';
import { compileKernels } from '../kernels/module.ts';
import { type NativeSupport, nativeSupport } from '../kernels/native/support.ts';
import { cacheDirectory } from '../machine/cache.ts';
import { type ProcessLimit, processLimitOfGroups } from '../machine/cgroup.ts';
import { countCores } from '../machine/cores.ts';
import { type MemoryLimit, memoryLimit, type UserLimits, userLimits } from '../machine/limits.ts';
import { showBytes } from '../machine/show-bytes.ts';
import { MOST_CODE_BYTES } from '../native/store.ts';
import { errnoText } from '../storage/errno.ts';

/** One thing that training needs, and how it is here. */
export interface Check {
  id:
    | 'node'
    | 'cpu'
    | 'cores'
    | 'memory'
    | 'limits'
    | 'simd'
    | 'shared_memory'
    | 'kernels'
    | 'speed'
    | 'native'
    | 'cache_directory'
    | 'runs_directory';
  name: string;
  /** warn: works, but not as well as it could; fail: gradloom cannot train. */
  status: 'ok' | 'warn' | 'fail';
  found: string;
  /** The number behind `found`, if it is one. */
  value?: number;
  next?: string;
}

/** As package.json says in `engines`. */
const MIN_NODE = [20, 19] as const;
const MEASURE_MS = 200;
/** A tenth of what a present desktop core does. */
const SLOW_GFLOPS = 4;
const PAGE_BYTES = 65_536;
/** MNIST and its threads fit well. */
const LITTLE_MEMORY = 2 ** 28;
const FEW_FILES = 256;
const FEW_THREADS = 16;
/** (module (func (result i32) (i8x16.extract_lane_s 0 (v128.const ...)))): valid only where SIMD is known. */
const SIMD_MODULE = Buffer.from('0061736d010000000105016000017f030201000a19011700fd0c00000000000000000000000000000000fd15000b', 'hex');

/** Looks at everything on this machine that training depends on; writes nothing. */
export function examine(): Check[] {
  return [
    checkNode(process.versions.node),
    { id: 'cpu', name: 'processor', status: 'ok', found: os.cpus()[0]?.model.trim() ?? 'unknown' },
    checkCores(),
    checkMemoryLimit(memoryLimit()),
    checkLimits(userLimits(), processLimitOfGroups()),
    checkSimd(),
    checkSharedMemory(),
    ...checkKernels(),
    checkNative(nativeSupport()),
    checkDirectory('cache_directory', 'cache directory', cacheDirectory(), 'set GRADLOOM_CACHE_DIR to a writable directory'),
    checkDirectory('runs_directory', 'runs directory', path.resolve('runs'), 'choose a writable one with --dir DIR or track.dir'),
  ];
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  const check: Check = { id: 'node', name: 'Node', status: isEnough ? 'ok' : 'fail', found: version };
  return isEnough ? check : { ...check, next: `install Node ${MIN_NODE.join('.')} or newer` };
}

function checkCores(): Check {
  const { available, quota, usable } = countCores();
  const found = `${usable} usable: ${available} by affinity, ${quota === undefined ? 'no cgroup quota' : `cgroup quota ${Number(quota.toFixed(2))}`}`;
  const check: Check = { id: 'cores', name: 'cores', status: 'ok', found, value: usable };
  if (quota === undefined || quota >= 1) return check;
  return { ...check, status: 'warn', next: 'give the container at least one whole processor' };
}

export function checkMemoryLimit({ bytes, physical, file }: MemoryLimit): Check {
  const group = file === undefined ? 'no cgroup limit below it' : `the cgroup allows ${showBytes(bytes)} (${file})`;
  const check: Check = { id: 'memory', name: 'memory', status: 'ok', found: `${showBytes(physical)}; ${group}`, value: bytes };
  return bytes >= LITTLE_MEMORY ? check : { ...check, status: 'warn', next: `give it at least ${showBytes(LITTLE_MEMORY)}` };
}

/** What a system may refuse in the middle of a run. */
export function checkLimits({ openFiles, processes, addressSpace }: UserLimits, group: ProcessLimit | undefined): Check {
  const shown = (value: number | undefined): string => (value === undefined ? 'unlimited' : String(value));
  const found = [
    `open files ${shown(openFiles)} (ulimit -n)`,
    `threads ${shown(processes)} (ulimit -u)`,
    ...(group === undefined ? [] : [`${group.value} in the cgroup, ${group.current} in use (${group.file})`]),
    `address space ${addressSpace === undefined ? 'unlimited' : showBytes(addressSpace)} (ulimit -v)`,
  ];
  const tight = [
    ...(openFiles !== undefined && openFiles < FEW_FILES ? [`ulimit -n ${FEW_FILES}`] : []),
    ...(addressSpace === undefined ? [] : ['ulimit -v unlimited, as WebAssembly takes 10 GiB of address space for each memory']),
    ...(group !== undefined && group.value - group.current < FEW_THREADS ? ['a higher pids.max of the cgroup'] : []),
  ];
  const check: Check = { id: 'limits', name: 'limits', status: 'ok', found: found.join(', ') };
  return tight.length === 0 ? check : { ...check, status: 'warn', next: `set ${tight.join('; ')}` };
}

function checkSimd(): Check {
  const check = { id: 'simd', name: 'WebAssembly SIMD' } as const;
  if (WebAssembly.validate(SIMD_MODULE)) return { ...check, status: 'ok', found: 'available' };
  return { ...check, status: 'fail', found: 'missing', next: 'use a processor with SSE4.1 or NEON, without flags that switch SIMD off' };
}

function checkSharedMemory(): Check {
  const check = { id: 'shared_memory', name: 'shared memory' } as const;
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: PAGE_BYTES, shared: true });
    return { ...check, status: 'ok', found: `${memory.buffer.byteLength / 1024} KiB made, growable to 4 GiB` };
  } catch (error) {
    return { ...check, status: 'fail', found: text(error), next: 'raise ulimit -v: WebAssembly reserves address space' };
  }
}

function checkKernels(): Check[] {
  const kernel = { id: 'kernels', name: 'kernels' } as const;
  try {
    const pages = Math.ceil(Math.max(SELF_TEST_BYTES, TILE_RATE_BYTES) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const kernels = bindKernels(compileKernels(), memory);
    const { matmul, exp } = testKernels(kernels, memory);
    const errors = `largest error ${matmul.toFixed(2)} (matrix product) and ${exp.toFixed(2)} (exp) of its bound`;
    if (!(matmul <= 1 && exp <= 1)) {
      return [
        {
          ...kernel,
          status: 'fail',
          found: `wrong results: ${errors}`,
          next: 'reinstall gradloom; if it stays, test the memory and processor',
        },
      ];
    }
    return [{ ...kernel, status: 'ok', found: errors }, checkSpeed(measureTileRate(kernels, memory, MEASURE_MS))];
  } catch (error) {
    return [{ ...kernel, status: 'fail', found: text(error), next: 'reinstall gradloom: its compiled kernels are missing or damaged' }];
  }
}

/** Where there is no machine code, WebAssembly computes the same bits. */
export function checkNative(support: NativeSupport): Check {
  const check = { id: 'native', name: 'machine code' } as const;
  if ('reason' in support) {
    return { ...check, status: 'ok', found: `none, so WebAssembly computes, with the same bits: ${support.reason}` };
  }
  const name = support.isa.name === 'avx2' ? 'AVX2' : 'AVX-512';
  return { ...check, status: 'ok', found: `${name}, made at run time, at most ${showBytes(MOST_CODE_BYTES)} a process` };
}

function checkSpeed(gflops: number): Check {
  const check: Check = { id: 'speed', name: 'speed of one core', status: 'ok', found: `${gflops.toFixed(1)} GFLOP/s`, value: gflops };
  if (gflops >= SLOW_GFLOPS) return check;
  return { ...check, status: 'warn', next: 'look for other load, a power limit, or an emulated processor' };
}

/** Nothing is made: what counts is whether it could be. */
export function checkDirectory(id: Check['id'], name: string, directory: string, next: string): Check {
  let existing = directory;
  while (!existsSync(existing) && path.dirname(existing) !== existing) existing = path.dirname(existing);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
    return { id, name, status: 'ok', found: existing === directory ? directory : `${directory} (will be made)` };
  } catch (error) {
    return { id, name, status: 'warn', found: `${directory}: ${errnoText(error)}`, next };
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
