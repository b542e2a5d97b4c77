import type { JSX, TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { useRef } from 'preact/hooks';
import type { ParallelAxis, ParallelLine } from '../../protocol.ts';

/** A range of an axis, by its number: shares of it, the lower first. */
export type Brushes = ReadonlyMap<number, Range>;
type Range = readonly [low: number, high: number];
/** Of what was there before: keys may come faster than the page is drawn. */
type Change<T> = (before: T) => T;

const WIDTH = 1100;
const HEIGHT = 400;
const FRAME = { left: 60, top: 58, width: WIDTH - 140, height: 290 };
/** Below the axes: where a line goes that does not set the parameter. */
const ABSENT = FRAME.top + FRAME.height + 26;
/** What an arrow key moves an end by. */
const STEP = 0.05;
/** A drag that is shorter takes a brush away. */
const SHORTEST = 0.01;
const LETTER = 6.4;

/** Whether a line passes every marked range. */
export function isWithin({ at }: ParallelLine, brushes: Brushes): boolean {
  for (const [axis, [low, high]] of brushes) {
    const share = at[axis] ?? null;
    if (share === null || share < low || share > high) return false;
  }
  return true;
}

interface ParallelProps {
  axes: readonly ParallelAxis[];
  lines: readonly ParallelLine[];
  best: number | null;
  brushes: Brushes;
  onBrush: (change: Change<Brushes>) => void;
}

/** One line a trial through its value on each axis, the metric last. */
export function Parallel({ axes, lines, best, brushes, onBrush }: ParallelProps): JSX.Element {
  const svg = useRef<SVGSVGElement>(null);
  const drag = useRef<{ axis: number; from: number } | undefined>(undefined);
  const gap = FRAME.width / Math.max(1, axes.length - 1);
  const x = (axis: number): number => FRAME.left + axis * gap;
  const y = (share: number | null): number => (share === null ? ABSENT : FRAME.top + (1 - share) * FRAME.height);
  const shareAt = (event: PointerEvent): number => {
    const box = svg.current?.getBoundingClientRect();
    if (box === undefined) return 0;
    const place = ((event.clientY - box.top) / box.height) * HEIGHT;
    return Math.min(1, Math.max(0, 1 - (place - FRAME.top) / FRAME.height));
  };
  const brush = (axis: number, change: Change<Range | undefined>): void => {
    onBrush((before) => {
      const next = new Map(before);
      const range = change(before.get(axis));
      if (range === undefined) next.delete(axis);
      else next.set(axis, range);
      return next;
    });
  };
  const pull = (axis: number, event: PointerEvent): void => {
    const from = drag.current?.from;
    if (from === undefined || drag.current?.axis !== axis) return;
    const to = shareAt(event);
    brush(axis, () => (Math.abs(to - from) < SHORTEST ? undefined : [Math.min(from, to), Math.max(from, to)]));
  };
  const shown = lines.toReversed();
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="wide" tabIndex={0} aria-label="parallel coordinates">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset holds no drawing; the sliders in it have names of their own */}
        <svg
          ref={svg}
          class="chart parallel"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          role="group"
          aria-label="parameters of each trial and its metric"
        >
          <g class={`lines${lines.length > 100 ? ' many' : ''}`}>
            {shown.map((line) => (
              <polyline
                key={line.trial}
                class={`${line.trial === best ? 'k0 best' : `k${line.shade}`}${isWithin(line, brushes) ? '' : ' out'}`}
                data-t={line.trial}
                points={line.at.map((share, axis) => `${x(axis).toFixed(1)},${y(share).toFixed(1)}`).join(' ')}
              >
                <title>{line.title}</title>
              </polyline>
            ))}
          </g>
          {axes.map((axis, i) => (
            <g key={axis.title}>
              <line class="axis" x1={x(i)} x2={x(i)} y1={FRAME.top} y2={FRAME.top + FRAME.height} />
              {axis.ticks.map(({ at, label }) => (
                <>
                  <line class="axis" x1={x(i) - 3} x2={x(i) + 3} y1={y(at)} y2={y(at)} />
                  <text class="tick" x={x(i) + 7} y={y(at) + 4}>
                    {label}
                  </text>
                </>
              ))}
              {axis.cut !== null && <line class="ideal" x1={x(i) - 7} x2={x(i) + 7} y1={y(axis.cut)} y2={y(axis.cut)} />}
              <text class="head" x={x(i)} y={FRAME.top - (i % 2 === 0 ? 16 : 34)} text-anchor="middle">
                {shorten(axis.name, Math.floor((2 * gap) / LETTER))}
                <title>{axis.title}</title>
              </text>
              <Brush
                name={axis.title}
                x={x(i)}
                range={brushes.get(i)}
                onChange={(change) => brush(i, change)}
                onDown={(event, from) => {
                  event.currentTarget.setPointerCapture(event.pointerId);
                  drag.current = { axis: i, from: from ?? shareAt(event) };
                }}
                onMove={(event) => pull(i, event)}
                onUp={(event) => {
                  pull(i, event);
                  drag.current = undefined;
                }}
              />
            </g>
          ))}
          {lines.some(({ at }) => at.includes(null)) && (
            <text class="name" x={FRAME.left} y={ABSENT + 16} text-anchor="middle">
              not set
            </text>
          )}
        </svg>
      </section>
      {brushes.size > 0 && (
        <button type="button" class="small" onClick={() => onBrush(() => new Map())}>
          all trials
        </button>
      )}
    </>
  );
}

type Pointer = TargetedPointerEvent<SVGElement>;

interface BrushProps {
  name: string;
  x: number;
  range: Range | undefined;
  onChange: (change: Change<Range | undefined>) => void;
  /** @param from  the end that stays; undefined: where the pointer is */
  onDown: (event: Pointer, from?: number) => void;
  onMove: (event: Pointer) => void;
  onUp: (event: Pointer) => void;
}

/** The marked part of an axis: drawn with the pointer, or its ends moved by the keyboard. */
function Brush({ name, x, range, onChange, onDown, onMove, onUp }: BrushProps): JSX.Element {
  const [low, high] = range ?? [0, 1];
  const move = (end: 'low' | 'high', event: TargetedKeyboardEvent<SVGRectElement>): void => {
    const by = { ArrowUp: STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowLeft: -STEP }[event.key];
    if (event.key === 'Escape') onChange(() => undefined);
    if (by === undefined) return;
    event.preventDefault();
    onChange(([from, to] = [0, 1]) => {
      const next: Range = end === 'low' ? [Math.min(to, Math.max(0, from + by)), to] : [from, Math.max(from, Math.min(1, to + by))];
      return next[0] <= 0 && next[1] >= 1 ? undefined : next;
    });
  };
  const top = FRAME.top + (1 - high) * FRAME.height;
  const bottom = FRAME.top + (1 - low) * FRAME.height;
  return (
    <g onPointerMove={onMove} onPointerUp={onUp}>
      {range !== undefined && <rect class="brush" x={x - 8} y={top} width={16} height={Math.max(1, bottom - top)} />}
      <rect class="catch" x={x - 12} y={FRAME.top - 6} width={24} height={FRAME.height + 12} onPointerDown={(event) => onDown(event)} />
      {(['high', 'low'] as const).map((end) => (
        <rect
          key={end}
          class="end"
          x={x - 10}
          y={(end === 'high' ? top : bottom) - 4}
          width={20}
          height={8}
          role="slider"
          tabindex={0}
          aria-label={`${end === 'high' ? 'upper' : 'lower'} end of ${name}`}
          aria-orientation="vertical"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(100 * (end === 'high' ? high : low))}
          onPointerDown={(event) => onDown(event, range === undefined ? undefined : end === 'high' ? low : high)}
          onKeyDown={(event) => move(end, event)}
        />
      ))}
    </g>
  );
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
