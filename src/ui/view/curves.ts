import { headingOf } from '../../report/run-page/chart.ts';
import { curveCharts, MAX_POINTS } from '../../report/run-page/series.ts';
import { formatSecondsLeft, isShare } from '../../report/text/numbers.ts';
import { shortId } from '../../runs/files/run-id.ts';
import type { StoredRun } from '../../runs/store/store.ts';
import type { CurvesAnswer, CurvesRun } from '../protocol.ts';
import type { Project } from '../watch/project.ts';
import type { RunCurves } from '../watch/run-curves.ts';
import { secondsLeft, secondsPerStep, totalSteps } from './length.ts';

/** Which part of the curves, in steps. */
export interface CurvesRange {
  from: number;
  to: number;
}

/** The charts of some runs, each line with so many points as a screen shows; of a part of the steps finer ones. */
export async function curvesOf(
  project: Project,
  runs: readonly { key: string; run: StoredRun }[],
  range: CurvesRange,
): Promise<CurvesAnswer> {
  const read: { key: string; run: StoredRun; curves: RunCurves }[] = [];
  for (const { key, run } of runs) read.push({ key, run, curves: await project.curves(key, run) });
  const charts = curveCharts(
    read.map(({ run, curves }) => ({
      title: shortId(run.record.id),
      curves: new Map([...curves.series].map(([name, series]) => [name, series.between(range.from, range.to, MAX_POINTS / 2)])),
    })),
  );
  return {
    runs: read.map(describe),
    charts: charts.map(({ title, canLog, lines }) => ({
      title: headingOf(title),
      canLog,
      isShare: lines.every(({ metric }) => isShare(metric) || metric.endsWith('.zeros')),
      lines: lines.map(({ name, metric, run, colour, dash, isNoisy, points, best }) => ({
        name,
        metric,
        run,
        colour,
        dash,
        isNoisy,
        steps: points.map(([step]) => step),
        values: points.map(([, value]) => Number(value.toPrecision(7))),
        best: best ?? null,
      })),
    })),
  };
}

function describe({ key, run, curves }: { key: string; run: StoredRun; curves: RunCurves }): CurvesRun {
  const { record } = run;
  const left = secondsLeft(run, curves);
  return {
    key,
    title: shortId(record.id),
    status: record.status,
    step: curves.step,
    stepsPerEpoch: curves.stepsPerEpoch ?? null,
    secondsPerStep: secondsPerStep(run, curves.step),
    totalSteps: totalSteps(run, curves),
    left: left === null || record.status !== 'running' ? '' : formatSecondsLeft(left),
    problem: curves.problem ?? record.problem,
  };
}
