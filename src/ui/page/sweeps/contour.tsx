import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ParallelAxis, ParallelLine } from '../../protocol.ts';

const WIDTH = 560;
const HEIGHT = 420;
const FRAME = { left: 74, top: 16, width: WIDTH - 100, height: HEIGHT - 72 };
/** Cells of the map, each way. */
const CELLS = 28;
/** How far a trial's value reaches, as a share of the map. */
const REACH = 0.08;
/** Weights that are less say nothing: the cell stays empty. */
const LEAST_WEIGHT = 0.02;
const SHADES = 9;

interface ContourProps {
  axes: readonly ParallelAxis[];
  lines: readonly ParallelLine[];
  best: number | null;
}

/** Two parameters against each other: trials as points, and between them the rank that their neighbours have on the mean. */
export function Contour({ axes, lines, best }: ContourProps): JSX.Element | null {
  const [across, setAcross] = useState(0);
  const [up, setUp] = useState(1);
  const parameters = axes.slice(0, -1);
  if (parameters.length < 2) return null;
  const points = lines.flatMap(({ at, shade, trial, title }) => {
    const [x, y] = [at[across] ?? null, at[up] ?? null];
    return x === null || y === null ? [] : [{ x, y, shade, trial, title }];
  });
  const px = (share: number): number => FRAME.left + share * FRAME.width;
  const py = (share: number): number => FRAME.top + (1 - share) * FRAME.height;
  const size = { width: FRAME.width / CELLS + 0.5, height: FRAME.height / CELLS + 0.5 };
  const choice = (label: string, value: number, set: (axis: number) => void): JSX.Element => (
    <label>
      {label}
      <select value={value} onChange={(event) => set(Number(event.currentTarget.value))}>
        {parameters.map(({ title }, i) => (
          <option value={i}>{title}</option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      <h2>Two parameters</h2>
      <form class="bar" aria-label="which parameters" onSubmit={(event) => event.preventDefault()}>
        {choice('across', across, setAcross)}
        {choice('up', up, setUp)}
      </form>
      <p class="faint">
        Colours are the ranks of nearby trials on the mean, from the best tenth to the worst; where no trial is near, nothing is known.
      </p>
      <svg
        class="chart contour"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`rank of the trials over ${parameters[across]?.title} and ${parameters[up]?.title}`}
      >
        <g class="field">
          {cellsOf(points).map(({ column, row, shade }) => (
            <rect class={`p${shade}`} x={px(column / CELLS)} y={py((row + 1) / CELLS)} {...size} />
          ))}
        </g>
        {points.toReversed().map(({ x, y, shade, trial, title }) => (
          <circle class={trial === best ? 'p0 best' : `p${shade} point`} data-t={trial} cx={px(x)} cy={py(y)} r={trial === best ? 6 : 4}>
            <title>{title}</title>
          </circle>
        ))}
        {parameters[up]?.ticks.map(({ at, label }) => (
          <text class="tick" x={FRAME.left - 8} y={py(at) + 4} text-anchor="end">
            {label}
          </text>
        ))}
        {parameters[across]?.ticks.map(({ at, label }) => (
          <text class="tick" x={px(at)} y={FRAME.top + FRAME.height + 18} text-anchor="middle">
            {label}
          </text>
        ))}
        <text class="name" x={FRAME.left + FRAME.width} y={HEIGHT - 12} text-anchor="end">
          {parameters[across]?.title} across, {parameters[up]?.title} up
        </text>
      </svg>
    </>
  );
}

/** Kernel means (Nadaraya and Watson) of the ranks at the middle of each cell. */
function cellsOf(points: readonly { x: number; y: number; shade: number }[]): { column: number; row: number; shade: number }[] {
  const cells: { column: number; row: number; shade: number }[] = [];
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) {
      let [weights, sum] = [0, 0];
      for (const { x, y, shade } of points) {
        const distance = ((column + 0.5) / CELLS - x) ** 2 + ((row + 0.5) / CELLS - y) ** 2;
        const weight = Math.exp(-distance / (2 * REACH ** 2));
        weights += weight;
        sum += weight * shade;
      }
      if (weights > LEAST_WEIGHT) cells.push({ column, row, shade: Math.min(SHADES, Math.round(sum / weights)) });
    }
  }
  return cells;
}
