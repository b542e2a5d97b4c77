import type { Summary } from '../../runs/events.ts';
import { escapeHtml } from '../page/html.ts';
import { coordinate, svgChart, svgText } from '../page/svg.ts';
import { formatPercent, formatSeconds } from '../text/numbers.ts';

const WIDTH = 1100;
const BAR = { left: 96, width: 980, height: 22 };
const ROW = 62;
/** Bars of workers, one below the other. */
const WORKER_ROW = 26;
const MOST_WORKERS = 64;
const PHASES = ['compute', 'wait', 'reduce'] as const;

interface Part {
  name: string;
  value: number;
  text: string;
}

/** Where the time went, in bars: the parts of the run, what the workers did while it trained, and that worker by worker. */
export function timeChart(summary: Summary): string {
  const { seconds, training_seconds, evaluation_seconds, checkpoint_seconds, start_seconds, phases } = summary;
  // Versions that did not tell the parts apart have none.
  const known = { training: training_seconds, evaluation: evaluation_seconds, saving: checkpoint_seconds, start: start_seconds };
  const spent = Object.entries(known).flatMap(([name, value]: [string, number | undefined]) =>
    value === undefined ? [] : [{ name, value }],
  );
  const rest = seconds - spent.reduce((sum, { value }) => sum + value, 0);
  if (spent.length > 0 && rest > 0.01 * seconds) spent.push({ name: 'other', value: rest });
  const wall: Part[] = spent.map((part) => ({ ...part, text: formatSeconds(part.value) }));
  const work: Part[] = Object.entries(phases).map(([name, value]) => ({ name, value, text: formatPercent(value, 1) }));
  const rows = [
    { name: 'wall time', parts: wall },
    { name: 'workers', parts: work },
  ].filter(({ parts }) => parts.some(({ value }) => value > 0));
  if (rows.length === 0) return '';
  const chart = svgChart(WIDTH, rows.length * ROW, 'where the time went', [`<g class="spent">${rows.map(bar).join('\n')}</g>`]);
  return `${chart}${workersChart(summary)}`;
}

/** Seconds of each worker in one scale, so that one with more to do than the others is seen; of a single one there is nothing to compare. */
function workersChart({ worker_phases: workers = [] }: Summary): string {
  const most = Math.max(...workers.map((of) => PHASES.reduce((sum, phase) => sum + of[phase], 0)));
  if (workers.length < 2 || !(most > 0)) return '';
  const shown = workers.slice(0, MOST_WORKERS);
  const bars = shown.map((of, row) => {
    const y = row * WORKER_ROW + 4;
    let at = BAR.left;
    const drawn = PHASES.map((phase, i) => {
      const width = (BAR.width * of[phase]) / most;
      const title = `worker ${row}: ${phase} ${formatSeconds(of[phase])}`;
      const rect = `<rect class="f${i}" x="${coordinate(at)}" y="${y}" width="${coordinate(width)}" height="${WORKER_ROW - 8}"><title>${escapeHtml(title)}</title></rect>`;
      at += width;
      return rect;
    });
    return `${svgText(BAR.left - 10, y + 14, `worker ${row}`, { anchor: 'end' })}${drawn.join('')}`;
  });
  const left = workers.length > shown.length ? `<p class="faint">The first ${shown.length} of ${workers.length} workers.</p>` : '';
  const chart = svgChart(WIDTH, shown.length * WORKER_ROW, 'worker by worker', [`<g class="spent">${bars.join('\n')}</g>`]);
  return `<p class="faint">Worker by worker, in seconds: compute, wait, reduce; the longest bar is ${formatSeconds(most)}.</p>${chart}${left}`;
}

function bar({ name, parts }: { name: string; parts: readonly Part[] }, row: number): string {
  const whole = parts.reduce((sum, { value }) => sum + value, 0);
  const y = row * ROW + 8;
  let at = BAR.left;
  let told = BAR.left;
  const drawn = parts.map(({ name: part, value, text }, i) => {
    const width = (BAR.width * value) / whole;
    const label = `${part} ${text}`;
    const rect = `<rect class="f${i}" x="${coordinate(at)}" y="${y}" width="${coordinate(width)}" height="${BAR.height}"><title>${escapeHtml(label)}</title></rect>`;
    at += width;
    const key = `<rect class="f${i}" x="${coordinate(told)}" y="${y + BAR.height + 9}" width="10" height="10"/>${svgText(told + 15, y + BAR.height + 18, label)}`;
    told += 40 + label.length * 7.6;
    return rect + key;
  });
  return `${svgText(BAR.left - 10, y + 16, name, { anchor: 'end' })}${drawn.join('')}`;
}
