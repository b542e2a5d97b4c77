// Not part of kernels.wasm: the elementary functions on arrays, compiled by test/kernels/vector/math.test.ts to measure their accuracy.
import * as math from './math';
import { f32At } from './pointer';

export function exp(src: usize, dst: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(f32At(dst, i), math.exp(v128.load(f32At(src, i))));
}

export function log1p01(src: usize, dst: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(f32At(dst, i), math.log1p01(v128.load(f32At(src, i))));
}

export function log32(src: usize, dst: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(f32At(dst, i), math.log32(v128.load(f32At(src, i))));
}

export function tanh(src: usize, dst: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(f32At(dst, i), math.tanh(v128.load(f32At(src, i))));
}

export function erf(src: usize, dst: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(f32At(dst, i), math.erf(v128.load(f32At(src, i))));
}

export function sigmoid(src: usize, dst: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(f32At(dst, i), math.sigmoid(v128.load(f32At(src, i))));
}

export function log(x: f64): f64 {
  return math.log(x);
}
