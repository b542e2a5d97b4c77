import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { CurvesAnswer, CurvesRun } from '../../protocol.ts';
import { Chart } from './chart.tsx';
import type { Unit } from './unit.ts';

const smoothing = signal(0.6);
const isLog = signal(false);
const unit = signal<Unit>('step');

interface CurvesProps {
  answer: CurvesAnswer;
  /** The part of the steps that is shown; undefined: all. */
  range: [number, number] | undefined;
  onRange: (range: [number, number] | undefined) => void;
}

/** All charts of some runs, with what says how they are drawn. */
export function Curves({ answer: { runs, charts }, range, onRange }: CurvesProps): JSX.Element {
  const problems = runs.filter(({ problem }) => problem !== null);
  const units: Unit[] = [
    'step',
    ...(runs.every(({ stepsPerEpoch }) => stepsPerEpoch !== null) ? (['epoch'] as const) : []),
    ...(runs.every(({ secondsPerStep }) => secondsPerStep !== null) ? (['time'] as const) : []),
  ];
  const along = units.includes(unit.value) ? unit.value : 'step';
  const hasNoise = charts.some(({ lines }) => lines.some(({ isNoisy }) => isNoisy));
  return (
    <>
      {problems.map(({ title, problem }) => (
        <p class="problem">
          {title}: {problem}
        </p>
      ))}
      {charts.length === 0 ? (
        <p class="faint">There are no metrics yet.</p>
      ) : (
        <form class="bar" aria-label="how curves are drawn" onSubmit={(event) => event.preventDefault()}>
          {hasNoise && (
            <label>
              smoothing of single batches
              <input
                type="range"
                min="0"
                max="0.99"
                step="0.01"
                value={smoothing.value}
                onInput={(event) => (smoothing.value = Number(event.currentTarget.value))}
              />
              <output>{smoothing.value}</output>
            </label>
          )}
          <label>
            <input type="checkbox" checked={isLog.value} onChange={(event) => (isLog.value = event.currentTarget.checked)} />
            log axis
          </label>
          <label>
            along
            <select value={along} onChange={(event) => (unit.value = event.currentTarget.value as Unit)}>
              {units.map((one) => (
                <option value={one}>{one === 'time' ? 'time, at the mean rate' : one}</option>
              ))}
            </select>
          </label>
          {range !== undefined && (
            <button type="button" class="small" onClick={() => onRange(undefined)}>
              all steps
            </button>
          )}
        </form>
      )}
      <div class="plots">
        {charts.map((chart) => (
          <Chart
            key={chart.title}
            chart={chart}
            factors={runs.map((run) => factorOf(run, along))}
            unit={along}
            isLog={isLog.value && chart.canLog}
            smoothing={smoothing.value}
            isZoomed={range !== undefined}
            onZoom={(steps) => onRange(steps)}
          />
        ))}
      </div>
    </>
  );
}

/** Units a step. */
function factorOf({ stepsPerEpoch, secondsPerStep }: CurvesRun, along: Unit): number {
  if (along === 'epoch') return 1 / (stepsPerEpoch ?? 1);
  return along === 'time' ? (secondsPerStep ?? 1) : 1;
}
