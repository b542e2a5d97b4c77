import { BLOCK } from '../../native/elementwise/block.ts';
import { callable } from '../../native/system/foreign.ts';
import type { Kernels } from '../kernels.ts';
import { listWords } from '../sizes.ts';
import type { NativeCode } from './bind.ts';
import { type ElementwiseName, elementwiseKey } from './elementwise-routines.ts';
import { isPowerOf2, LEAST_ROW_BYTES, NativeGather, type Run } from './gather.ts';
import { NativeSite } from './site.ts';

/** The routine of a name, if there is one. */
export type FindRun = (name: ElementwiseName) => Run | undefined;

/** How a kernel is called as routines: with less than the least floats, or with what is not in the memory, the kernel itself does it, or traps. */
interface Overlaid<K extends keyof Kernels> {
  routines: readonly ElementwiseName[];
  bind: (site: NativeSite, kernel: Kernels[K], run: Run, other: Run) => Kernels[K];
}

/** Floats below which a native call costs more than it saves. measured: 70 ns a call, beside 0.2 ns a float in WebAssembly, 0.6 in tested loops. */
const LEAST = 384;
const LEAST_TESTED = 128;

type Pair = (a: number, b: number, n: number) => void;
type PairWith = (a: number, b: number, n: number, s: number) => void;

const onPair =
  (least: number) =>
  (site: NativeSite, kernel: Pair, run: Run): Pair =>
  (a, b, n) => {
    if (n < least || !site.has(a, n) || !site.has(b, n)) kernel(a, b, n);
    else run(site.base + a, site.base + b, n, site.block);
  };

const onPairWith =
  (least: number) =>
  (site: NativeSite, kernel: PairWith, run: Run): PairWith =>
  (a, b, n, s) => {
    if (n < least || !site.has(a, n) || !site.has(b, n)) {
      kernel(a, b, n, s);
      return;
    }
    site.scalars[0] = s;
    run(site.base + a, site.base + b, n, site.block);
  };

const ROWS = {
  add: { routines: ['add'], bind: onPair(LEAST) },
  multiply: { routines: ['multiply'], bind: onPair(LEAST) },
  relu_forward: { routines: ['relu_forward'], bind: onPair(LEAST_TESTED) },
  relu_backward: { routines: ['relu_backward'], bind: onPair(LEAST_TESTED) },
  leaky_relu_forward: { routines: ['leaky_relu_forward'], bind: onPairWith(LEAST_TESTED) },
  leaky_relu_backward: { routines: ['leaky_relu_backward'], bind: onPairWith(LEAST_TESTED) },
  lerp: { routines: ['lerp'], bind: onPairWith(LEAST) },
  sgd_step: { routines: ['sgd_step'], bind: onPairWith(LEAST_TESTED) },

  add_scaled: {
    routines: ['add_scaled'],
    bind: (site, kernel, run) => {
      const reordered = onPairWith(LEAST_TESTED)(site, (a, b, n, s) => kernel(a, b, s, n), run);
      return (a, b, s, n) => reordered(a, b, n, s);
    },
  },

  scale: {
    routines: ['scale'],
    bind: (site, kernel, run) => (a, s, n) => {
      if (n < LEAST || !site.has(a, n)) {
        kernel(a, s, n);
        return;
      }
      site.scalars[0] = s;
      run(site.base + a, n, site.block);
    },
  },

  clip_value: {
    routines: ['clip_value'],
    bind: (site, kernel, run) => (g, n, limit) => {
      if (n < LEAST || !site.has(g, n)) {
        kernel(g, n, limit);
        return;
      }
      site.scalars[0] = limit;
      site.scalars[1] = -limit;
      run(site.base + g, n, site.block);
    },
  },

  scale_max: {
    routines: ['scale_max'],
    bind: (site, kernel, run) => (g, n, s) => {
      if (n < LEAST || !site.has(g, n)) return kernel(g, n, s);
      site.scalars[0] = s;
      run(site.base + g, n, site.block);
      return site.result[0] as number;
    },
  },

  largest: {
    routines: ['largest'],
    bind: (site, kernel, run) => (a, n) => {
      if (n < LEAST || !site.has(a, n)) return kernel(a, n);
      run(site.base + a, n, site.block);
      return site.result[0] as number;
    },
  },

  sum_squares: {
    routines: ['sum_squares'],
    bind: (site, kernel, run) => (g, n) => {
      if (n < LEAST || !site.has(g, n)) return kernel(g, n);
      run(site.base + g, n, site.block);
      return site.sums[0] as number;
    },
  },

  sgd_momentum_step: {
    routines: ['sgd_momentum_step', 'sgd_nesterov_step'],
    bind: (site, kernel, plain, withNesterov) => (p, g, b, n, lr, mu, rest, nesterov) => {
      if (n < LEAST_TESTED || !site.has(p, n) || !site.has(g, n) || !site.has(b, n)) {
        kernel(p, g, b, n, lr, mu, rest, nesterov);
        return;
      }
      const { scalars, base, block } = site;
      scalars[0] = lr;
      scalars[1] = mu;
      scalars[2] = rest;
      const run = nesterov === 0 ? plain : withNesterov;
      run(base + p, base + g, base + b, n, block);
    },
  },

  adam_moments: {
    routines: ['adam_moments'],
    bind: (site, kernel, run) => (g, m, v, n, beta1, rest1, beta2, rest2) => {
      if (n < LEAST_TESTED || !site.has(g, n) || !site.has(m, n) || !site.has(v, n)) {
        kernel(g, m, v, n, beta1, rest1, beta2, rest2);
        return;
      }
      const { scalars, base, block } = site;
      scalars[0] = beta1;
      scalars[1] = rest1;
      scalars[2] = beta2;
      scalars[3] = rest2;
      run(base + g, base + m, base + v, n, block);
    },
  },

  adam_step: {
    routines: ['adam_step'],
    bind: (site, kernel, run) => (p, m, v, n, lr, correction, eps) => {
      if (n < LEAST_TESTED || !site.has(p, n) || !site.has(m, n) || !site.has(v, n)) {
        kernel(p, m, v, n, lr, correction, eps);
        return;
      }
      const { scalars, base, block } = site;
      scalars[0] = lr;
      scalars[1] = correction;
      scalars[2] = eps;
      run(base + p, base + m, base + v, n, block);
    },
  },

  u8_to_f32: {
    routines: ['u8_divided', 'u8_scaled'],
    bind: (site, kernel, divided, scaled) => (src, dst, n, divisor) => {
      if (n < LEAST_ROW_BYTES || !site.hasBytes(src, n) || !site.has(dst, n)) {
        kernel(src, dst, n, divisor);
        return;
      }
      const { scalars, base, block } = site;
      const run = isPowerOf2(divisor) ? scaled : divided;
      scalars[0] = isPowerOf2(divisor) ? 1 / divisor : divisor;
      // One row, at offset 0.
      run(block + BLOCK.zero, base + src, base + dst, 1, n, block);
    },
  },

  list_nonzeros: {
    routines: ['list_nonzeros'],
    bind: (site, kernel, run) => (x, lists, m, k, scratch) => {
      if (!site.hasRows(x, m, k) || !site.hasRows(lists, m, listWords(k))) kernel(x, lists, m, k, scratch);
      else run(site.base + x, site.base + lists, m, k, site.block);
    },
  },
} satisfies { [K in keyof Kernels]?: Overlaid<K> };

export type OverlaidName = keyof typeof ROWS;
const OVERLAY: { [K in OverlaidName]: Overlaid<K> } = ROWS;

/** The kernels that may be done by routines which are for any shape. */
export const OVERLAID = Object.keys(OVERLAY) as OverlaidName[];

/** The routines that do a kernel. */
export function routinesOf(name: OverlaidName): readonly ElementwiseName[] {
  return OVERLAY[name].routines;
}

/** What routines that are for any shape do in the calling thread. */
export interface Elementwise {
  /** Kernels of which some are done by machine code: those whose routines a run was given. */
  kernels: Kernels;
  /** For rows of bytes; undefined without its routines. */
  gatherer: (bytes: Uint8Array<SharedArrayBuffer>) => NativeGather | undefined;
}

export function elementwise({ isa, routines }: NativeCode, kernels: Kernels, memory: WebAssembly.Memory): Elementwise {
  const byKey = new Map(routines.map((routine) => [routine.key, routine]));
  const find: FindRun = (name) => {
    const routine = byKey.get(elementwiseKey(isa, name));
    return routine && callable(routine.address, routine.args);
  };
  const site = new NativeSite(memory);
  const [divided, scaled] = [find('u8_divided'), find('u8_scaled')];
  return {
    kernels: overlaid(kernels, find, site),
    gatherer: (bytes) => (divided && scaled ? new NativeGather(site, divided, scaled, bytes) : undefined),
  };
}

/** Kernels of which some are done by routines. */
export function overlaid(kernels: Kernels, find: FindRun, site: NativeSite): Kernels {
  const all = { ...kernels };
  for (const name of OVERLAID) lay(all, name, find, site);
  return all;
}

function lay<K extends OverlaidName>(kernels: Kernels, name: K, find: FindRun, site: NativeSite): void {
  const { routines, bind }: Overlaid<K> = OVERLAY[name];
  const runs = routines.map(find);
  const [run, other = run] = runs;
  if (run !== undefined && other !== undefined && !runs.includes(undefined)) kernels[name] = bind(site, kernels[name], run, other);
}
