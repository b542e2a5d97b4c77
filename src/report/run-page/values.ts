/** A value this often as far away as nearly all others does not squeeze them together. */
const OUTLIER = 2;

/** Exponential means without the pull of where they begin, as TensorBoard smooths. @param weight  0 to less than 1 */
export function smoothed(values: readonly number[], weight: number): number[] {
  let mean = 0;
  let power = 1;
  return values.map((value) => {
    mean = mean * weight + (1 - weight) * value;
    power *= weight;
    return mean / (1 - power);
  });
}

/** From the least value to the largest but for few that are far beyond. @param margin  room at both ends, as a share of what lies between */
export function straightEnds(values: readonly number[], margin = 0): [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[0] ?? 0, sorted.at(-1) ?? 1];
  const nearly = sorted[Math.ceil(sorted.length * 0.98) - 1] ?? high;
  const end = sorted.length >= 20 && high - low > OUTLIER * (nearly - low) && nearly > low ? nearly + (nearly - low) * 0.5 : high;
  const room = end > low ? (end - low) * margin : Math.abs(low) * 0.1 || 1;
  return [low - room, end + room];
}
