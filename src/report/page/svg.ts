import { escapeHtml } from './html.ts';
import type { Scale } from './scale.ts';

/** Where a chart's axes are, in the units of its view box. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface TextOptions {
  class?: string;
  anchor?: 'start' | 'middle' | 'end';
}

/** Tenths of a unit are finer than a pixel. */
export function coordinate(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function svgText(x: number, y: number, text: string, { class: kind, anchor = 'start' }: TextOptions = {}): string {
  const attributes = `${kind === undefined ? '' : ` class="${kind}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}`;
  return `<text x="${coordinate(x)}" y="${coordinate(y)}"${attributes}>${escapeHtml(text)}</text>`;
}

export function svgLine(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line class="${kind}" x1="${coordinate(x1)}" y1="${coordinate(y1)}" x2="${coordinate(x2)}" y2="${coordinate(y2)}"/>`;
}

export function svgPath(points: readonly (readonly [x: number, y: number])[]): string {
  return points.map(([x, y]) => `${coordinate(x)},${coordinate(y)}`).join(' ');
}

/** Grid lines and numbers of an axis that goes up; a dashed line where it ends and the strip for values beyond begins. */
export function svgUpward({ ticks, cut }: Scale, { left, top, width, height }: Frame, text: { gap: number; class?: string }): string[] {
  const y = (share: number): number => top + (1 - share) * height;
  const options = { anchor: 'end', ...(text.class !== undefined && { class: text.class }) } as const;
  return [
    ...ticks.map(
      ({ at, label }) => svgLine(left, y(at), left + width, y(at), 'grid') + svgText(left - text.gap, y(at) + 4, label, options),
    ),
    ...(cut === undefined ? [] : [svgLine(left, y(cut), left + width, y(cut), 'ideal')]),
  ];
}

/** A chart of a page that has CHART_STYLE. */
export function svgChart(width: number, height: number, label: string, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}">`;
  return `${open}<rect class="paper" width="${width}" height="${height}"/>\n${parts.filter((part) => part !== '').join('\n')}\n</svg>`;
}
