import type { JSX, TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { smoothed, straightEnds } from '../../../report/run-page/values.ts';
import type { CurvesChart } from '../../protocol.ts';
import type { Unit } from './unit.ts';
import { formatValue } from './value-text.ts';

const HEIGHT = 250;
/** Room above and below the curves, as a share of what they take. */
const MARGIN = 0.04;
const SYNC = 'curves';
const DASHES = [undefined, [5, 4], [9, 4], [9, 3, 2, 3]] as const;
/** As the reports name them. */
const DASHED = ['', ' predicted', ' dashed', ' dotted'] as const;

interface ChartProps {
  chart: CurvesChart;
  /** Units of the axis a step, by run. */
  factors: readonly number[];
  unit: Unit;
  isLog: boolean;
  smoothing: number;
  isZoomed: boolean;
  /** A part of the steps was chosen; undefined: all again. */
  onZoom: (steps: [number, number] | undefined) => void;
}

interface Drawn {
  data: uPlot.AlignedData;
  series: uPlot.Series[];
  /** By line: which series tells its value. */
  told: number[];
  y: [number, number];
}

/** Lines over the steps, with a legend that reads the values where the pointer, or the arrow keys, are. */
export function Chart({ chart, factors, unit, isLog, smoothing, isZoomed, onZoom }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [at, setAt] = useState<number | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const drawn = draw(chart, { factors, isLog, smoothing, hidden }, (name) => variable(place.current, name));
  const latest = useRef({ drawn, onZoom, factors });
  latest.current = { drawn, onZoom, factors };
  const { data } = drawn;
  // What the lines are decides the plot; their values are only put into it.
  const shape = JSON.stringify([
    chart.title,
    unit,
    isLog,
    chart.isShare,
    chart.lines.map(({ name, colour }) => [name, colour]),
    [...hidden],
    smoothing > 0,
  ]);

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const { drawn: now } = latest.current;
    plot.current = new uPlot(
      optionsOf(now, element, { unit, isLog, isShare: chart.isShare }, setAt, () => latest.current),
      now.data,
      element,
    );
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    const redraw = (): void => plot.current?.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData(drawn.data);
  });

  const move = (event: TargetedKeyboardEvent<HTMLDivElement>): void => {
    const own = plot.current;
    const count = data[0].length;
    if (event.key === 'Escape') onZoom(undefined);
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: Number.NEGATIVE_INFINITY, End: Number.POSITIVE_INFINITY }[event.key];
    if (own === undefined || step === undefined || count === 0) return;
    event.preventDefault();
    // Without a place the arrows begin at an end.
    const from = at ?? (step < 0 ? count : -1);
    const next = Math.min(count - 1, Math.max(0, from + step));
    own.setCursor({ left: own.valToPos(data[0][next] as number, 'x'), top: 10 });
    setAt(next);
  };
  const x = at === null ? undefined : data[0][at];
  const label = `${chart.title} over ${unit}: ${chart.lines.map(({ name }) => name).join(', ')}. Arrow keys read values${isZoomed ? ', Escape shows all steps' : ''}.`;
  return (
    <figure class="plot">
      <figcaption>
        <h3>{chart.title}</h3>
        <span class="faint at">{x === undefined ? '' : `${unit} ${formatAlong(x, unit)}`}</span>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read its values */}
      <div class="chart canvas" ref={place} role="img" tabIndex={0} aria-label={label} onKeyDown={move} onBlur={() => setAt(null)} />
      <ul class="legend">
        {chart.lines.map((line, i) => (
          <li key={line.name}>
            <button
              type="button"
              class="plain"
              aria-pressed={!hidden.has(line.name)}
              onClick={() => {
                const next = new Set(hidden);
                if (!next.delete(line.name)) next.add(line.name);
                setHidden(next);
              }}
            >
              <svg class="chart key" viewBox="0 0 24 8" aria-hidden="true">
                <line class={`line s${line.colour}${DASHED[line.dash]}`} x1="0" x2="24" y1="4" y2="4" />
              </svg>
              {line.name} <b>{valueAt(data, drawn.told[i], at, line.values, chart.isShare)}</b>
            </button>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** Where the pointer is, else the last one. */
function valueAt(
  data: uPlot.AlignedData,
  series: number | undefined,
  at: number | null,
  values: readonly number[],
  isShare: boolean,
): string {
  const last = values.at(-1);
  if (at === null || series === undefined) return last === undefined ? '' : formatValue(last, isShare);
  const own = data[series];
  for (let i = at; i >= 0; i--) {
    const value = own?.[i];
    if (typeof value === 'number') return formatValue(value, isShare);
  }
  return '';
}

function formatAlong(x: number, unit: Unit): string {
  if (unit === 'time') return x < 120 ? `${x.toFixed(1)} s` : `${(x / 60).toFixed(1)} min`;
  return unit === 'epoch' ? x.toFixed(2) : x.toLocaleString('en-US');
}

interface Look {
  factors: readonly number[];
  isLog: boolean;
  smoothing: number;
  hidden: ReadonlySet<string>;
}

/** A variable of the style, as it is where the chart stands. */
function variable(place: Element | null, name: string): string {
  return place === null ? '' : window.getComputedStyle(place).getPropertyValue(name).trim();
}

/** @param colourOf  asked whenever the chart is drawn: light and dark differ */
function draw(chart: CurvesChart, { factors, isLog, smoothing, hidden }: Look, colourOf: (name: string) => string): Drawn {
  const tables: uPlot.AlignedData[] = [];
  const series: uPlot.Series[] = [{}];
  const told: number[] = [];
  const all: number[] = [];
  chart.lines.forEach((line) => {
    const factor = factors[line.run] ?? 1;
    const xs = line.steps.map((step) => step * factor);
    const drawable = (values: readonly number[]): (number | null)[] =>
      isLog ? values.map((value) => (value > 0 ? value : null)) : [...values];
    const stroke = (): string => colourOf(`--s${line.colour}`);
    const show = !hidden.has(line.name);
    const dashes = DASHES[line.dash];
    const dash = dashes === undefined ? {} : { dash: [...dashes] };
    const hasDots = line.steps.length < 2;
    if (show) all.push(...line.values);
    if (line.isNoisy && smoothing > 0) {
      tables.push([xs, drawable(line.values)]);
      series.push({ stroke, width: 1, alpha: 0.28, spanGaps: true, show, points: { show: false }, ...dash });
    }
    tables.push([xs, drawable(line.isNoisy ? smoothed(line.values, smoothing) : line.values)]);
    told.push(series.length);
    series.push({ stroke, width: 2, spanGaps: true, show, points: { show: hasDots }, ...dash });
    if (line.best !== null) {
      tables.push([[line.best[0] * factor], drawable([line.best[1]])]);
      series.push({ stroke, width: 2, show, paths: () => null, points: { show: true, size: 9, fill: () => colourOf('--paper') } });
    }
  });
  const data =
    tables.length === 0
      ? ([[]] as unknown as uPlot.AlignedData)
      : tables.length === 1
        ? (tables[0] as uPlot.AlignedData)
        : uPlot.join(tables);
  return { data, series, told, y: straightEnds(all, MARGIN) };
}

interface Axes {
  unit: Unit;
  isLog: boolean;
  isShare: boolean;
}

function optionsOf(
  { series }: Drawn,
  place: HTMLElement,
  { unit, isLog, isShare }: Axes,
  onCursor: (index: number | null) => void,
  latest: () => { drawn: Drawn; onZoom: ChartProps['onZoom']; factors: readonly number[] },
): uPlot.Options {
  const faint = (): string => variable(place, '--faint');
  const grid = { stroke: (): string => variable(place, '--grid'), width: 1 };
  const axis = { stroke: faint, grid, ticks: grid, font: '11px system-ui' };
  return {
    width: Math.max(100, place.clientWidth),
    height: HEIGHT,
    series,
    legend: { show: false },
    cursor: { sync: { key: SYNC }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: {
      x: { time: false },
      y: isLog ? { distr: 3 } : { range: () => latest().drawn.y },
    },
    axes: [
      {
        ...axis,
        size: 34,
        values: (_, ticks) => ticks.map((tick) => (unit === 'step' ? tick.toLocaleString('en-US') : String(Number(tick.toPrecision(6))))),
      },
      {
        ...axis,
        size: 58,
        values: (_, ticks) =>
          ticks.map((tick) => (tick === null ? '' : isShare ? `${Number((tick * 100).toPrecision(4))} %` : formatTick(tick))),
      },
    ],
    hooks: {
      setCursor: [(own) => onCursor(own.cursor.idx ?? null)],
      setSelect: [
        (own) => {
          const { left, width } = own.select;
          if (width < 4) return;
          const { factors, onZoom } = latest();
          const [from, to] = [own.posToVal(left, 'x'), own.posToVal(left + width, 'x')];
          onZoom([Math.max(0, Math.floor(from / Math.max(...factors))), Math.ceil(to / Math.min(...factors))]);
          own.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function formatTick(value: number): string {
  const size = Math.abs(value);
  return value !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential().replace('e+', 'e') : String(Number(value.toPrecision(6)));
}
