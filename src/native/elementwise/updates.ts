import { mem, type Vec } from '../assembler/instruction.ts';
import { BLOCK } from './block.ts';
import type { Pass } from './pass.ts';

/** Everything but the sign. */
const MAGNITUDE = 0x7fffffff;
const [v, w, x, y] = [0, 1, 2, 3] as const;

/** The largest of the magnitudes in the accumulators, compared as integers, to the block's result. */
const finishLargest: Pass['finish'] = (a, { width }, accumulators, block) => {
  const [first = 0, ...others] = accumulators;
  const merge = (register: Vec): void => a.op('vpmaxsd', width, first, first, register);
  const swapped = (name: 'vshuff32x4' | 'vperm2f128' | 'vshufps', immediate: number): void => {
    a.vector(name, width, { r: v, v: first, rm: first, immediate });
    merge(v);
  };
  for (const register of others) merge(register);
  if (width === 64) {
    swapped('vshuff32x4', 0x4e);
    swapped('vshuff32x4', 0xb1);
  } else swapped('vperm2f128', 1);
  swapped('vshufps', 0x4e);
  swapped('vshufps', 0xb1);
  a.store(16, mem(block, BLOCK.result), first);
};

/** The kernels of the same names, one vector at a time: the order of operations is theirs. */
export const UPDATES = {
  add: pairwise('vaddps'),
  multiply: pairwise('vmulps'),
  scale: {
    arrays: 1,
    scalars: 1,
    unroll: 4,
    step: (a, site) => {
      site.load(v, 0);
      a.op('vmulps', site.isa.width, v, v, site.scalar(0));
      site.store(0, v);
    },
  },
  add_scaled: scaled('vaddps'),
  lerp: {
    arrays: 2,
    scalars: 1,
    unroll: 4,
    step: (a, site) => {
      site.load(v, 0);
      site.load(w, 1);
      a.op('vsubps', site.isa.width, w, w, v);
      a.op('vmulps', site.isa.width, w, site.scalar(0), w);
      a.op('vaddps', site.isa.width, v, v, w);
      site.store(0, v);
    },
  },
  scale_max: {
    arrays: 1,
    scalars: 1,
    constants: [MAGNITUDE],
    accumulates: true,
    unroll: 4,
    step: (a, site) => {
      site.load(v, 0);
      a.op('vmulps', site.isa.width, v, v, site.scalar(0));
      site.store(0, v);
      // Again: lanes beyond the end are 0, but 0 times the factor may be NaN.
      if (site.isTail) site.load(v, 0);
      a.op('vandps', site.isa.width, v, v, site.constant(0));
      a.op('vpmaxsd', site.isa.width, site.accumulator, site.accumulator, v);
    },
    finish: finishLargest,
  },
  largest: {
    arrays: 1,
    scalars: 0,
    constants: [MAGNITUDE],
    accumulates: true,
    unroll: 4,
    step: (a, site) => {
      site.load(v, 0);
      a.op('vandps', site.isa.width, v, v, site.constant(0));
      a.op('vpmaxsd', site.isa.width, site.accumulator, site.accumulator, v);
    },
    finish: finishLargest,
  },
  clip_value: {
    arrays: 1,
    // The limit and its negative.
    scalars: 2,
    unroll: 4,
    step: (a, site) => {
      site.load(v, 0);
      // Where one is NaN the second operand is the result.
      a.op('vmaxps', site.isa.width, v, site.scalar(1), v);
      a.op('vminps', site.isa.width, v, site.scalar(0), v);
      site.store(0, v);
    },
  },
  sgd_step: scaled('vsubps'),
  sgd_momentum_step: momentum(false),
  sgd_nesterov_step: momentum(true),
  adam_moments: {
    arrays: 3,
    scalars: 4,
    unroll: 2,
    step: (a, site) => {
      const { width } = site.isa;
      site.load(v, 0);
      site.load(w, 1);
      a.op('vmulps', width, w, site.scalar(0), w);
      a.op('vmulps', width, x, site.scalar(1), v);
      a.op('vaddps', width, w, w, x);
      site.store(1, w);
      a.op('vmulps', width, v, v, v);
      site.load(x, 2);
      a.op('vmulps', width, x, site.scalar(2), x);
      a.op('vmulps', width, v, site.scalar(3), v);
      a.op('vaddps', width, x, x, v);
      site.store(2, x);
    },
  },
  adam_step: {
    arrays: 3,
    // lr, correction, eps
    scalars: 3,
    unroll: 2,
    step: (a, site) => {
      const { width } = site.isa;
      site.load(v, 2);
      a.vector('vsqrtps', width, { r: v, rm: v });
      a.op('vdivps', width, v, v, site.scalar(1));
      a.op('vaddps', width, v, v, site.scalar(2));
      site.load(w, 1);
      a.op('vdivps', width, w, w, v);
      a.op('vmulps', width, w, site.scalar(0), w);
      site.load(x, 0);
      a.op('vsubps', width, x, x, w);
      site.store(0, x);
    },
  },
} as const satisfies Record<string, Pass>;

/** The first array op= the second. */
function pairwise(operation: 'vaddps' | 'vmulps'): Pass {
  return {
    arrays: 2,
    scalars: 0,
    unroll: 4,
    step: (a, site) => {
      site.load(v, 0);
      site.load(w, 1);
      a.op(operation, site.isa.width, v, v, w);
      site.store(0, v);
    },
  };
}

/** The first array op= a factor times the second. */
function scaled(operation: 'vaddps' | 'vsubps'): Pass {
  return {
    arrays: 2,
    scalars: 1,
    unroll: 4,
    step: (a, site) => {
      site.load(w, 1);
      a.op('vmulps', site.isa.width, w, site.scalar(0), w);
      site.load(v, 0);
      a.op(operation, site.isa.width, v, v, w);
      site.store(0, v);
    },
  };
}

/** lr, mu, rest */
function momentum(isNesterov: boolean): Pass {
  return {
    arrays: 3,
    scalars: 3,
    unroll: 2,
    step: (a, site) => {
      const { width } = site.isa;
      site.load(v, 1);
      site.load(w, 2);
      a.op('vmulps', width, w, site.scalar(1), w);
      a.op('vmulps', width, x, site.scalar(2), v);
      a.op('vaddps', width, w, w, x);
      site.store(2, w);
      if (isNesterov) {
        a.op('vmulps', width, w, site.scalar(1), w);
        a.op('vaddps', width, w, v, w);
      }
      a.op('vmulps', width, w, site.scalar(0), w);
      site.load(y, 0);
      a.op('vsubps', width, y, y, w);
      site.store(0, y);
    },
  };
}
