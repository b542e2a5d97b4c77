/** Half-way from the largest f16, 65504, to what would come next: from here on there is none. */
export const BEYOND_HALF = 65520;

/** f32 to the nearest f16, ties to even, as the bits of it. source: IEEE 754-2019, 4.3.1 */
export function halfBits(value: number): number {
  const float = new Float32Array([value]);
  const [bits = 0] = new Uint32Array(float.buffer);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = Math.abs(float[0] as number);
  if (Number.isNaN(magnitude)) return sign | 0x7e00;
  if (magnitude >= BEYOND_HALF) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 2 ** -20)));
  const step = 2 ** (exponent - 10);
  const steps = roundEven(magnitude / step);
  // Below 2^-14 the exponent's field is 0 and steps count from 0; above, the leading bit is implied. A carry moves on to the next exponent.
  return sign | (exponent === -14 ? steps : ((exponent + 15) << 10) + (steps - 1024));
}

function roundEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
