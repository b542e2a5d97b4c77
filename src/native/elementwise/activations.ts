import type { Assembler } from '../assembler/assembler.ts';
import type { Vec } from '../assembler/instruction.ts';
import { type Pass, type PassSite, STEP_MASK } from './pass.ts';

/** Not less than or equal, and greater than: NaN is not, but for the first. */
const NOT_LESS_OR_EQUAL = 6;
const GREATER = 0x1e;
const [v, w, x] = [0, 1, 2] as const;

/** dst = src where `left` compares so with `right`, else +0. */
function keepWhere(
  a: Assembler,
  { isa }: PassSite,
  predicate: number,
  { left, right, src, dst }: Record<'left' | 'right' | 'src' | 'dst', Vec>,
): void {
  if (isa.broadcasts) {
    a.vector('vcmpps', isa.width, { r: STEP_MASK, v: left, rm: right, immediate: predicate });
    a.load(isa.width, dst, src, { mask: STEP_MASK, zero: true });
    return;
  }
  a.vector('vcmpps', isa.width, { r: left, v: left, rm: right, immediate: predicate });
  a.op('vandps', isa.width, dst, left, src);
}

/** dst = src where `left` compares so with `right`, else as it is. Changes `left` and `src`. */
function takeWhere(
  a: Assembler,
  { isa }: PassSite,
  predicate: number,
  { left, right, src, dst }: Record<'left' | 'right' | 'src' | 'dst', Vec>,
): void {
  if (isa.broadcasts) {
    a.vector('vcmpps', isa.width, { r: STEP_MASK, v: left, rm: right, immediate: predicate });
    a.load(isa.width, dst, src, { mask: STEP_MASK });
    return;
  }
  a.vector('vcmpps', isa.width, { r: left, v: left, rm: right, immediate: predicate });
  a.op('vxorps', isa.width, src, src, dst);
  a.op('vandps', isa.width, src, src, left);
  a.op('vxorps', isa.width, dst, dst, src);
}

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
      keepWhere(a, site, NOT_LESS_OR_EQUAL, { left: v, right: site.constant(0), src: w, dst: w });
      site.store(1, w);
    },
  },
  leaky_relu_forward: {
    arrays: 2,
    scalars: 1,
    constants: [0],
    unroll: 2,
    step: (a, site) => {
      const { width } = site.isa;
      site.load(v, 0);
      a.op('vmulps', width, w, v, site.scalar(0));
      a.load(width, x, v);
      takeWhere(a, site, GREATER, { left: x, right: site.constant(0), src: v, dst: w });
      site.store(1, w);
    },
  },
  leaky_relu_backward: {
    arrays: 2,
    scalars: 1,
    constants: [0],
    unroll: 2,
    step: (a, site) => {
      const { width } = site.isa;
      site.load(v, 1);
      a.op('vmulps', width, w, v, site.scalar(0));
      site.load(x, 0);
      takeWhere(a, site, GREATER, { left: x, right: site.constant(0), src: v, dst: w });
      site.store(1, w);
    },
  },
} as const satisfies Record<string, Pass>;
