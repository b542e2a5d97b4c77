/** `0.25`, `3e-4`, `97.5 %`. */
export function formatValue(value: number, isShare: boolean): string {
  if (isShare) return `${(value * 100).toFixed(2)} %`;
  const size = Math.abs(value);
  return value === 0 || (size >= 1e-3 && size < 1e6) ? String(Number(value.toPrecision(5))) : value.toExponential(3);
}
