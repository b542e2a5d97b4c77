import path from 'node:path';
import { shortPath } from '../../report/runs/results.ts';
import { sweepCharts } from '../../report/sweep/html.ts';
import { statusWord, trialColumns, trialNote } from '../../report/sweep/view/cells.ts';
import { axisScale, type ChartedSweep, chartedSweep, isLog, shortNames, trialTitle } from '../../report/sweep/view/charted.ts';
import { countStatuses, describeMethod, intervalText } from '../../report/sweep/view/words.ts';
import { spellCommands } from '../../report/text/commands.ts';
import { formatLoss, formatMetricValue, formatSecondsLeft } from '../../report/text/numbers.ts';
import { kindAt } from '../../storage/folder.ts';
import { commandOf } from '../../storage/shell.ts';
import { isCrossValidation } from '../../sweep/folds/result.ts';
import { positionsOf } from '../../sweep/importance/axes.ts';
import { type SweepImportance, sweepImportance } from '../../sweep/importance/of-sweep.ts';
import { formatParameter } from '../../sweep/importance/value-text.ts';
import type { SweepState, Trial } from '../../sweep/trial.ts';
import type { ParallelAxis, ParallelLine, RunningRow, SweepAnswer, SweepRow, TrialRow } from '../protocol.ts';
import type { Project } from '../watch/project.ts';
import type { FoundSweep } from '../watch/sweep-list.ts';
import { secondsLeft, totalSteps } from './length.ts';

/** More lines than a screen can tell apart, and more rows than anyone reads: the best of them. */
const MOST_LINES = 1000;
const MOST_ROWS = 2000;
/** Within this share of a range's end the best lies at its edge. */
const EDGE = 0.02;
/** A forest of many trials takes a second: it is grown anew when so many more have ended. */
const MORE_TRIALS = 1.1;

export function sweepRow({ key, id, state, problem, secondsLeft: left }: FoundSweep): SweepRow {
  if (state === undefined)
    return { key, id, name: id, status: 'damaged', method: '', trials: '', best: '', left: '', problem: problem ?? null };
  const best = bestOf(state);
  return {
    key,
    id,
    name: state.name,
    status: state.status,
    method: describeMethod(state),
    trials: countStatuses(state),
    best: best === undefined ? '' : formatMetricValue(state.settings.metric.name, best.value),
    left: leftText(left),
    problem: null,
  };
}

/** What a sweep's page shows. */
export class SweepView {
  readonly #launcher: string;
  readonly #importance = new Map<string, { ended: number; found: SweepImportance | undefined }>();

  constructor(launcher: string) {
    this.#launcher = launcher;
  }

  async answer(found: FoundSweep, project: Project, control: Pick<SweepAnswer, 'canStop' | 'canResume'>): Promise<SweepAnswer> {
    const { key, id, directory, state, problem } = found;
    const place = shortPath(directory);
    const verbs: [title: string, verb: string][] = [
      ...(state?.status === 'interrupted' ? [['go on with it', 'sweep resume'] as [string, string]] : []),
      ['the best trial as a config', 'sweep best'],
      ['as one page', 'sweep report'],
      ['the trials for a spreadsheet', 'sweep export --csv'],
    ];
    const commands = verbs.map(([title, verb]) => ({ title, command: spellCommands(commandOf(verb, place), this.#launcher) }));
    const named = { key, id, problem: problem ?? null, commands, ...control };
    if (state === undefined) return { ...named, ...NOTHING, name: id };
    const view = chartedSweep(state);
    const best = bestOf(state);
    const columns = trialColumns(state);
    return {
      ...named,
      name: state.name,
      status: state.status,
      method: describeMethod(state),
      counts: countStatuses(state),
      best: best?.number ?? null,
      bestText:
        best === undefined
          ? ''
          : `trial ${best.number}: ${state.settings.metric.name} ${formatMetricValue(state.settings.metric.name, best.value)}${intervalText(best, state.settings)}`,
      bestSet: Object.entries(best?.assignment ?? {}).map(([name, value]) => [name, formatParameter(value)] as const),
      edges: edgesOf(view, best),
      left: leftText(found.secondsLeft),
      axes: axesOf(view),
      // Of a cross-validation one trial is all: nothing varies that could be compared.
      lines: isCrossValidation(state.settings) ? [] : linesOf(view),
      charts: sweepCharts(view, this.#importanceOf(key, state)).join('\n'),
      columns: columns.map(({ head, isParameter }) => ({ title: head, isText: isParameter || head === 'status' })),
      trials: rowsOf(found, state, view, columns),
      running: await runningOf(found, state, project),
    };
  }

  #importanceOf(key: string, state: SweepState): SweepImportance | undefined {
    const ended = state.trials.filter(({ value }) => value !== null).length;
    const before = this.#importance.get(key);
    if (before !== undefined && ended >= before.ended && ended < before.ended * MORE_TRIALS && state.status === 'running')
      return before.found;
    const found = before?.ended === ended ? before.found : sweepImportance(state);
    this.#importance.set(key, { ended, found });
    return found;
  }
}

const NOTHING = {
  status: 'damaged',
  method: '',
  counts: '',
  best: null,
  bestText: '',
  bestSet: [],
  edges: [],
  left: '',
  axes: [],
  lines: [],
  charts: '',
  columns: [],
  trials: [],
  running: [],
} satisfies Partial<SweepAnswer>;

function bestOf({ trials, best }: SweepState): Trial | undefined {
  return best === undefined ? undefined : trials.find(({ number }) => number === best);
}

function leftText(seconds: number | undefined): string {
  return seconds === undefined ? '' : formatSecondsLeft(seconds);
}

function edgesOf({ axes, state }: ChartedSweep, best: Trial | undefined): string[] {
  const row = best === undefined ? -1 : state.trials.indexOf(best);
  return axes.flatMap((axis) => {
    if (axis.kind !== 'range' || row < 0) return [];
    const at = axisScale(axis).at(positionsOf(axis)[row] ?? Number.NaN);
    if (!(at <= EDGE || at >= 1 - EDGE) || axis.low === axis.high) return [];
    return [`the best lies at the ${at <= EDGE ? 'lower' : 'upper'} end of ${axis.name}: a wider range may hold a better one`];
  });
}

function axesOf({ axes, metric, state }: ChartedSweep): ParallelAxis[] {
  const names = shortNames(axes.map(({ name }) => name));
  const own = axes.map((axis, i): ParallelAxis => {
    const scale = axisScale(axis);
    return { name: `${names[i]}${isLog(axis) ? ', log' : ''}`, title: axis.name, ticks: scale.ticks, cut: scale.cut ?? null };
  });
  const { name } = state.settings.metric;
  return [...own, { name, title: name, ticks: metric.ticks, cut: metric.cut ?? null }];
}

function linesOf({ axes, metric, ranked, state }: ChartedSweep): ParallelLine[] {
  const rowOf = new Map(state.trials.map(({ number }, row) => [number, row]));
  const scales = axes.map((axis) => ({ scale: axisScale(axis), positions: positionsOf(axis) }));
  return ranked.slice(0, MOST_LINES).map(({ trial, value, shade }) => {
    const row = rowOf.get(trial.number) ?? -1;
    const at = scales.map(({ scale, positions }) => {
      const position = positions[row] ?? Number.NaN;
      return Number.isNaN(position) ? null : scale.at(position);
    });
    const title = trialTitle(trial, formatMetricValue(state.settings.metric.name, value), formatParameter);
    return { trial: trial.number, shade, title, at: [...at, metric.at(value)] };
  });
}

/** Best first, then the others in their order. */
function rowsOf(
  { key, directory }: FoundSweep,
  state: SweepState,
  { ranked }: ChartedSweep,
  columns: ReturnType<typeof trialColumns>,
): TrialRow[] {
  const order = new Map(ranked.map(({ trial }, rank) => [trial.number, rank]));
  const sorted = state.trials.toSorted((a, b) => (order.get(a.number) ?? order.size) - (order.get(b.number) ?? order.size));
  return sorted.slice(0, MOST_ROWS).map((trial) => {
    const cells = columns.map(({ cell }) => cell(trial));
    return {
      number: trial.number,
      status: statusWord(trial, state),
      runs: trial.runs.filter((run) => kindAt(path.join(directory, run)) === 'directory').map((run) => `${key}/${run}`),
      cells: cells.map(({ text }) => text),
      sort: cells.map(({ sort }) => sort ?? null),
      note: trialNote(trial),
    };
  });
}

async function runningOf({ key }: FoundSweep, state: SweepState, project: Project): Promise<RunningRow[]> {
  const rows: RunningRow[] = [];
  for (const trial of state.trials.filter(({ status }) => status === 'running')) {
    for (const relative of trial.runs) {
      const runKey = `${key}/${relative}`;
      const run = await project.run(runKey);
      if (run === undefined || run.record.status === 'finished') continue;
      const curves = await project.curves(runKey, run);
      const loss = curves.last['train.loss'];
      rows.push({
        trial: trial.number,
        key: runKey,
        step: curves.step,
        totalSteps: totalSteps(run, curves),
        loss: typeof loss === 'number' ? formatLoss(loss) : '',
        left: leftText(secondsLeft(run, curves) ?? undefined),
      });
    }
  }
  return rows;
}
