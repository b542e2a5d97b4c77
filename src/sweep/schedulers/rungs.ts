/**
 * The rungs of successive halving: min, min * eta, min * eta^2, ... below max (rounded to whole epochs or steps), then max.
 *
 * @example rungs(1, 27, 3) // [1, 3, 9, 27]
 */
export function rungs(min: number, max: number, eta: number): number[] {
  const below: number[] = [];
  for (let rung = min; Math.round(rung) < max; rung *= eta) {
    if (Math.round(rung) !== below.at(-1)) below.push(Math.round(rung));
  }
  return [...below, max];
}
