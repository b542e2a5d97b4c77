import { PREDICATE } from '../assembler/instruction.ts';
import { keepWhere, takeWhere } from '../select.ts';
import type { Pass } from './pass.ts';

const [v, w, x] = [0, 1, 2] as const;

/** Activations and their derivatives, as UPDATES. */
export const ACTIVATIONS = {
  relu_forward: {
    arrays: 2,
    scalars: 0,
    constants: [0],
    unroll: 4,
    step: (a, site) => {
      const { width } = site.isa;
      site.load(v, 0);
      // NaN stays, and so would -0: adding +0 makes it +0.
      a.op('vmaxps', width, v, site.constant(0), v);
      a.op('vaddps', width, v, v, site.constant(0));
      site.store(1, v);
    },
  },
  relu_backward: {
    arrays: 2,
    scalars: 0,
    constants: [0],
    unroll: 4,
    step: (a, site) => {
      site.load(v, 0);
      site.load(w, 1);
      keepWhere(a, site.isa, PREDICATE.notLessOrEqual, { left: v, right: site.constant(0), found: v, src: w, dst: w });
      site.store(1, w);
    },
  },
  leaky_relu_forward: leaky(0),
  leaky_relu_backward: leaky(1),
} as const satisfies Record<string, Pass>;

/** The second array = values of an array where the first one is above 0, else the slope times them. */
function leaky(values: 0 | 1): Pass {
  return {
    arrays: 2,
    scalars: 1,
    constants: [0],
    unroll: 2,
    step: (a, site) => {
      const { isa } = site;
      site.load(v, values);
      a.op('vmulps', isa.width, w, v, site.scalar(0));
      site.load(x, 0);
      takeWhere(a, isa, PREDICATE.greater, { left: x, right: site.constant(0), found: x, src: v, dst: w });
      site.store(1, w);
    },
  };
}
