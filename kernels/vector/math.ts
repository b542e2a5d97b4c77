// Elementary functions from +, -, *, / and bit operations alone: the same bits on every machine. No table, no Math.*.
// Accuracies are measured over dense sweeps in test/kernels/vector/math.test.ts, which fails if one grows.

/** e^x. Largest error 0.8 ulp, subnormal results included; overflow +Inf, underflow +0, NaN kept. source: Cephes expf. */
export function exp(x: v128): v128 {
  // Outside this range the result is +0 or +Inf anyway; min and max keep NaN.
  x = f32x4.min(f32x4.max(x, f32x4.splat(-105)), f32x4.splat(90));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  // ln 2 in two parts; n times the first is exact. What the second subtraction rounds off comes back in the sum.
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  const low = f32x4.mul(n, f32x4.splat(-2.12194440e-4));
  const r = f32x4.sub(high, low);
  const lost = f32x4.sub(f32x4.sub(high, r), low);
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  // 1 + r in two parts as well, so that only the last addition rounds at the result's own size.
  const one = f32x4.splat(1);
  const sum = f32x4.add(one, r);
  const rest = f32x4.add(f32x4.add(f32x4.sub(one, sum), r), lost);
  const y = f32x4.add(sum, f32x4.add(rest, f32x4.mul(f32x4.mul(r, r), p)));
  // 2^n as two factors: the first product is exact, the second rounds once, also into the subnormals.
  const exponent = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(exponent, 1);
  return f32x4.mul(f32x4.mul(y, power2(half)), power2(i32x4.sub(exponent, half)));
}

/** 2^n for n in -126..127. */
// @ts-ignore: decorator
@inline
function power2(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** log(1 + u) for u in [0, 1]. Largest error 1.25 ulp; NaN kept. As u - s (u - 2 z P(z)), s = u / (2 + u), z = s^2, after fdlibm's log. */
export function log1p01(u: v128): v128 {
  const s = f32x4.div(u, f32x4.add(u, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  // 2/3, 2/5, ... 2/15: z <= 1/9, so the next term is below 2^-25.
  let p = f32x4.splat(0.13333333);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.15384615));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.18181818));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.22222222));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.28571429));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.4));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.66666667));
  return f32x4.sub(u, f32x4.mul(s, f32x4.sub(u, f32x4.mul(z, p))));
}

/** Natural logarithm of a positive normal f32, element by element. Largest error 0.9 ulp; +Inf and NaN kept. source: as log1p01. */
export function log32(x: v128): v128 {
  // x = 2^n m with m in [sqrt(1/2), sqrt(2)), near enough
  const shifted = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  const n = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  const f = f32x4.sub(i32x4.sub(x, v128.and(shifted, i32x4.splat(<i32>0xff800000))), f32x4.splat(1));
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  // 2/3, 2/5, 2/7, 2/9: z <= 0.0295, so the next term is below 2^-25.
  let p = f32x4.splat(0.22222222);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.28571429));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.4));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.66666667));
  // log m = f - (f^2/2 - s (f^2/2 + z P)), and n ln 2 in two parts, of which n times the first is exact.
  const h = f32x4.mul(f32x4.mul(f32x4.splat(0.5), f), f);
  const low = f32x4.mul(n, f32x4.splat(-2.12194440e-4));
  const rest = f32x4.add(f32x4.sub(f32x4.mul(s, f32x4.add(h, f32x4.mul(z, p))), h), low);
  const y = f32x4.add(f32x4.mul(n, f32x4.splat(0.693359375)), f32x4.add(f, rest));
  return v128.bitselect(y, x, f32x4.lt(x, f32x4.splat(Infinity)));
}

/** tanh x. Largest error 1.35 ulp; +-1 at +-Inf, -0 and NaN kept. source: Cephes tanhf. */
export function tanh(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(<i32>0x80000000));
  const a = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-3.33332819422e-1));
  const near = f32x4.add(a, f32x4.mul(f32x4.mul(a, z), p));
  const far = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(a, a)), f32x4.splat(1))));
  return v128.or(v128.bitselect(near, far, f32x4.lt(a, f32x4.splat(0.625))), sign);
}

/** erf x. Largest error 1.2 ulp; +-1 at +-Inf, -0 and NaN kept. source: N. Juffa's erff, without fused operations. */
export function erf(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(<i32>0x80000000));
  const a = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(-5.96761703e-4);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(4.99119423e-3));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-2.67681349e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.12819925e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-3.76125336e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.28379166e-1));
  const near = f32x4.add(f32x4.mul(p, a), a);
  // 1 - e^q(|x|); beyond 4 the result is 1, and the clamp (which keeps NaN) spares the polynomial an overflow.
  const t = f32x4.min(a, f32x4.splat(4));
  let q = f32x4.add(f32x4.mul(f32x4.splat(-1.72853470e-5), t), f32x4.splat(3.83197126e-4));
  const u = f32x4.add(f32x4.mul(f32x4.splat(-3.88396438e-3), t), f32x4.splat(2.42546219e-2));
  q = f32x4.add(f32x4.mul(q, f32x4.mul(t, t)), u);
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-1.06777877e-1));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-6.34846687e-1));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-1.28717512e-1));
  q = f32x4.sub(f32x4.mul(q, t), t);
  const far = f32x4.sub(f32x4.splat(1), exp(q));
  return v128.or(v128.bitselect(near, far, f32x4.lt(a, f32x4.splat(0.927734375))), sign);
}

/** 1 / (1 + e^-z) without overflow. Largest error 2.4 ulp; 0 and 1 at -Inf and +Inf, NaN kept. */
export function sigmoid(z: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(z)));
  const numerator = v128.bitselect(e, f32x4.splat(1), f32x4.lt(z, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(f32x4.splat(1), e));
}

/** Natural logarithm of a positive normal f64. Largest error 1 ulp; +Inf and NaN kept. source: fdlibm e_log.c, shortened. */
export function log(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<i64>(x);
  // x = 2^n m with m in [sqrt(1/2), sqrt(2))
  const shifted = bits - 0x3fe6a09e667f3bcd;
  const n = <f64>(<i32>(shifted >> 52));
  const f = reinterpret<f64>(bits - (shifted & <i64>0xfff0000000000000)) - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd = z * (6.666666666666735130e-1 + w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const h = 0.5 * f * f;
  return n * 6.93147180369123816490e-1 - (h - (s * (h + (even + odd)) + n * 1.90821492927058770002e-10) - f);
}
