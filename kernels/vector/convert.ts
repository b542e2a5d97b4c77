// Samples as stored -> f32 features. Divisions, not multiplications by reciprocals: x / 255 is the correctly rounded quotient.
import { loadAt, storeAt } from './lanes';
import { f32At, f32AtRow, u8At } from './pointer';

// u8_to_f32: dst[i] = src[i] / divisor, n elements      twin u8ToF32
export function u8_to_f32(src: usize, dst: usize, n: i32, divisor: f32): void {
  const d = f32x4.splat(divisor);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const words = v128.load8x8_u(u8At(src, i));
    const p = f32At(dst, i);
    v128.store(p, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words)), d));
    v128.store(p, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(words)), d), 16);
  }
  for (; i < n; i++) f32.store(f32At(dst, i), <f32>load<u8>(u8At(src, i)) / divisor);
}

// u8_to_f32_zscore: dst = (src - mean) / std
//   src u8 [R,C]  dst f32 [R,C]  mean, std f32 [C]      twin zscore
export function u8_to_f32_zscore(src: usize, dst: usize, rows: i32, columns: i32, mean: usize, std: usize): void {
  for (let r = 0; r < rows; r++) {
    const out = f32AtRow(dst, r, columns, 0);
    let j = 0;
    for (; j + 4 <= columns; j += 4) {
      const v = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(u8At(src, j)))));
      v128.store(f32At(out, j), f32x4.div(f32x4.sub(v, v128.load(f32At(mean, j))), v128.load(f32At(std, j))));
    }
    for (; j < columns; j++) {
      f32.store(f32At(out, j), (<f32>load<u8>(u8At(src, j)) - f32.load(f32At(mean, j))) / f32.load(f32At(std, j)));
    }
    src = u8At(src, columns);
  }
}

// f32_divide: x /= divisor, in place, n elements      twin f32Divide
export function f32_divide(x: usize, n: i32, divisor: f32): void {
  for (let i = 0; i < n; i += 4) storeAt(x, i, n, f32x4.div(loadAt(x, i, n), f32x4.splat(divisor)));
}

// f32_zscore: x = (x - mean) / std, in place
//   x f32 [R,C]  mean, std f32 [C]      twin zscore
export function f32_zscore(x: usize, rows: i32, columns: i32, mean: usize, std: usize): void {
  for (let r = 0; r < rows; r++) {
    const row = f32AtRow(x, r, columns, 0);
    for (let j = 0; j < columns; j += 4) {
      const v = f32x4.sub(loadAt(row, j, columns), loadAt(mean, j, columns));
      storeAt(row, j, columns, f32x4.div(v, loadAt(std, j, columns)));
    }
  }
}
