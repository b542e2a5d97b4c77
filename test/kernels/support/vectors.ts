/** One element of each update rule, in the kernel's order of f32 operations: vectors by name, scalars already f32, in the kernel's order. */
const { fround, sign, sqrt } = Math;

type Values = Record<string, number>;
type Element = (x: Values, s: readonly number[]) => Values;

const times = (a: number, b: number): number => fround(a * b);
const plus = (a: number, b: number): number => fround(a + b);
const minus = (a: number, b: number): number => fround(a - b);
const over = (a: number, b: number): number => fround(a / b);
const root = (a: number): number => fround(sqrt(a));
/** beta * old + rest * new */
const blend = (beta: number, old: number, rest: number, now: number): number => plus(times(beta, old), times(rest, now));

export const sgdStep: Element = ({ p, g }, [lr]) => ({ p: minus(p!, times(lr!, g!)) });

export const sgdMomentumStep: Element = ({ p, g, b }, [lr, mu, rest, nesterov]) => {
  const velocity = blend(mu!, b!, rest!, g!);
  return { b: velocity, p: minus(p!, times(lr!, nesterov === 1 ? plus(g!, times(mu!, velocity)) : velocity)) };
};

export const adamMoments: Element = ({ g, m, v }, [beta1, rest1, beta2, rest2]) => ({
  m: blend(beta1!, m!, rest1!, g!),
  v: blend(beta2!, v!, rest2!, times(g!, g!)),
});

export const adamStep: Element = ({ p, m, v }, [lr, correction, eps]) => ({
  p: minus(p!, times(lr!, over(m!, plus(over(root(v!), correction!), eps!)))),
});

export const maximum: Element = ({ a, b }) => ({ a: Math.max(a!, b!) });

export const rmspropDirection: Element = ({ g, v }, [alpha, rest, eps]) => {
  const mean = blend(alpha!, v!, rest!, times(g!, g!));
  return { v: mean, g: over(g!, plus(root(mean), eps!)) };
};

export const rmspropCenteredDirection: Element = ({ g, v, a }, [alpha, rest, eps]) => {
  const mean = blend(alpha!, v!, rest!, times(g!, g!));
  const centre = blend(alpha!, a!, rest!, g!);
  return { v: mean, a: centre, g: over(g!, plus(root(Math.max(0, minus(mean, times(centre, centre)))), eps!)) };
};

export const adagradStep: Element = ({ p, g, v }, [lr, eps]) => {
  const sum = plus(v!, times(g!, g!));
  return { v: sum, p: minus(p!, times(lr!, over(g!, plus(root(sum), eps!)))) };
};

export const adadeltaStep: Element = ({ p, g, v, vu }, [lr, rho, rest, eps]) => {
  const mean = blend(rho!, v!, rest!, times(g!, g!));
  const delta = times(over(root(plus(vu!, eps!)), root(plus(mean, eps!))), g!);
  return { v: mean, vu: blend(rho!, vu!, rest!, times(delta, delta)), p: minus(p!, times(lr!, delta)) };
};

export const lionStep: Element = ({ p, g, m }, [lr, beta1, rest1, beta2, rest2]) => ({
  p: minus(p!, times(lr!, sign(blend(beta1!, m!, rest1!, g!)))),
  m: blend(beta2!, m!, rest2!, g!),
});

export const lambDirection: Element = ({ p, m, v }, [correction1, correction2, eps, decay]) => ({
  d: plus(over(over(m!, correction1!), plus(over(root(v!), correction2!), eps!)), times(decay!, p!)),
});

export const addScaled: Element = ({ a, b }, [s]) => ({ a: plus(a!, times(s!, b!)) });

export const add: Element = ({ a, b }) => ({ a: plus(a!, b!) });

export const scale: Element = ({ a }, [s]) => ({ a: times(a!, s!) });

export const multiply: Element = ({ a, b }) => ({ a: times(a!, b!) });

export const lerp: Element = ({ a, b }, [t]) => ({ a: plus(a!, times(t!, minus(b!, a!))) });

export const copy: Element = ({ b }) => ({ a: b! });

export const f32Divide: Element = ({ a }, [divisor]) => ({ a: over(a!, divisor!) });

export const clipValue: Element = ({ g }, [limit]) => ({ g: Math.min(Math.max(g!, -limit!), limit!) });

export const reluForward: Element = ({ z }) => ({ y: Math.max(z!, 0) });

export const leakyReluForward: Element = ({ z }, [slope]) => ({ y: z! > 0 ? z! : times(z!, slope!) });
