import type { DatasetProfile } from '../../data/profile/dataset.ts';
import type { TableProfile } from '../../data/profile/table.ts';
import { escapeHtml } from '../page/html.ts';
import { renderPage, wide } from '../page/page.ts';
import { shown } from './profile.ts';
import { type PictureGroup, SAMPLE_STYLE, samplesSection } from './samples.ts';

/** Columns on the page. */
const MOST_SHOWN = 200;
const STYLE =
  'h1{overflow-wrap:anywhere}td:first-child,th:first-child{text-align:left}.bars{display:flex;align-items:flex-end;gap:1px;height:3rem;min-width:8rem}.bars svg{height:3rem;margin:0;width:10rem}rect{fill:var(--good)}';
const BINS = 20;
const BAR = 8;
const HEIGHT = 40;

/** A page about a table: its columns with histograms of the rows that are shown below, and those rows. */
export function tablePage(profile: TableProfile): string {
  const columns = profile.columns.slice(0, MOST_SHOWN);
  const rows = columns.map((column, i) => {
    const values = profile.head.map((row) => row[i]);
    const bars = column.type === 'number' ? histogram(values.filter((value) => typeof value === 'number')) : counts(column.values ?? []);
    const { name, type, missing, min, max, mean } = column;
    return [...[name, type, `${missing}`, shown(min), shown(max), shown(mean)].map(escapeHtml), bars];
  });
  const sample = profile.head
    .slice(0, 20)
    .map((row) => row.slice(0, MOST_SHOWN).map((value) => escapeHtml(typeof value === 'number' ? shown(value) : (value ?? ''))));
  return renderPage({
    title: `${profile.path}: data`,
    style: STYLE,
    body: [
      `<h1>${escapeHtml(profile.path)}</h1>`,
      `<p>${profile.rows} rows, ${profile.columns.length} columns${profile.columns.length > MOST_SHOWN ? `, the first ${MOST_SHOWN} below` : ''}. Histograms: the first ${profile.head.length} rows.</p>`,
      ...profile.duplicated.map((names) => `<p>The same in all rows: ${escapeHtml(names.join(', '))}</p>`),
      wide('columns', table(['column', 'type', 'missing', 'min', 'max', 'mean', 'values'], rows)),
      '<h2>Rows</h2>',
      wide(
        'rows',
        table(
          columns.map(({ name }) => escapeHtml(name)),
          sample,
        ),
      ),
    ],
  });
}

/**
 * A page about an experiment's data.
 *
 * @param samples   pictures of samples, in place of histograms of pixels; undefined of samples that are no pictures
 * @param valuesOf  a feature, for its histogram
 */
export function datasetPage(
  profile: DatasetProfile,
  samples: readonly PictureGroup[] | undefined,
  valuesOf: (feature: number) => readonly number[],
): string {
  const { target, leakage } = profile;
  const classes =
    target.kind === 'class'
      ? target.classes.map(({ name, count, train, val, test }) => [escapeHtml(name), ...[count, train, val, test].map(String)])
      : [];
  const features = (samples === undefined ? profile.columns : [])
    .slice(0, MOST_SHOWN)
    .map(({ name, min, max, mean }, i) => [escapeHtml(name), shown(min), shown(max), shown(mean), histogram(valuesOf(i))]);
  return renderPage({
    title: 'data',
    style: `${STYLE}${SAMPLE_STYLE}`,
    hasPictures: samples !== undefined,
    body: [
      `<h1>${escapeHtml(profile.description)}</h1>`,
      `<p>${leakage.rows === 0 ? 'No sample stands' : leakage.rows === 1 ? '1 sample stands' : `${leakage.rows} samples stand`} in two splits.</p>`,
      classes.length === 0 ? '' : wide('classes', table(['class', 'rows', 'train', 'val', 'test'], classes)),
      ...(samples === undefined
        ? ['<h2>Features</h2>', wide('features', table(['feature', 'min', 'max', 'mean', 'training rows'], features))]
        : [samplesSection(samples)]),
    ],
  });
}

/** @param rows  cells of HTML, already escaped */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string): string => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table>${line(head, 'th')}${rows.map((row) => line(row, 'td')).join('')}</table>`;
}

function histogram(values: readonly number[]): string {
  const [min, max] = values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const bins = Array.from({ length: BINS }, () => 0);
  for (const value of values) {
    const bin = max > min ? Math.min(BINS - 1, Math.floor(((value - min) / (max - min)) * BINS)) : 0;
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bars(bins, values.length === 0 ? 'no values' : `${shown(min)} to ${shown(max)}`);
}

function counts(values: readonly { value: string; count: number }[]): string {
  return bars(
    values.map(({ count }) => count),
    values
      .slice(0, 5)
      .map(({ value, count }) => `${value} ${count}`)
      .join(', '),
  );
}

function bars(heights: readonly number[], label: string): string {
  const most = Math.max(1, ...heights);
  const rects = heights.map((height, i) => {
    const h = Math.round((height / most) * HEIGHT * 10) / 10;
    return `<rect x="${i * BAR}" y="${HEIGHT - h}" width="${BAR - 1}" height="${h}"/>`;
  });
  return `<div class="bars"><svg viewBox="0 0 ${Math.max(1, heights.length) * BAR} ${HEIGHT}" role="img" aria-label="${escapeHtml(label)}"><title>${escapeHtml(label)}</title>${rects.join('')}</svg></div>`;
}
