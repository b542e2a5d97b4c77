import type { Dataset } from '../../data/dataset.ts';
import { featureNames, type Preprocess } from '../../data/preprocess/preprocess.ts';
import { escapeHtml } from '../page/html.ts';
import { wide } from '../page/page.ts';
import { type PictureSize, picture, samplePixels } from '../page/picture.ts';
import { formatCount, formatPercent } from '../text/numbers.ts';
import type { Scored } from './scores.ts';
import { pictureSize } from './weights.ts';

const MAX_PICTURES = 60;
const MAX_ROWS = 20;
const MAX_FEATURES = 10;
/** Right ones that are shown where hardly any are wrong. */
const LEAST_SURE = 12;

interface Case {
  sample: number;
  /** Number among the scored rows. */
  at: number;
  truth: number;
  predicted: number;
  /** Of the predicted class, and of the true one. */
  sure: number;
  due: number;
}

/** The samples that the model gets most wrong, as pictures where they are such, else as rows. */
export function samplesPart(found: Scored, preprocess: Preprocess): string {
  const { dataset } = found;
  const note = found.isWhole ? '' : ` The first ${formatCount(found.rows.length)} rows were looked at.`;
  if (dataset.target.kind === 'value') return regression(found, preprocess, note);
  const cases = casesOf(found, dataset.target.labels);
  const wrong = cases.filter(({ truth, predicted }) => truth !== predicted).toSorted((a, b) => a.due - b.due || a.at - b.at);
  const right = cases.filter(({ truth, predicted }) => truth === predicted).toSorted((a, b) => a.due - b.due || a.at - b.at);
  const names = preprocess.target.kind === 'class' ? preprocess.target.classes : [];
  const size = pictureSize(preprocess.input);
  const show = (list: readonly Case[]): string =>
    size === undefined
      ? caseTable(list.slice(0, MAX_ROWS), dataset, preprocess, names)
      : tiles(list.slice(0, MAX_PICTURES), dataset, size, names);
  const share = formatPercent(cases.length === 0 ? 0 : wrong.length / cases.length);
  const said = `<p class="faint">${formatCount(wrong.length)} of ${formatCount(cases.length)} rows of the ${found.split} split are misclassified (${share}); first those whose true class was held least likely.${note}</p>`;
  const unsure = wrong.length < MAX_ROWS && right.length > 0;
  return [
    said,
    ...(wrong.length > 0 ? [show(wrong)] : []),
    ...(unsure ? ['<p class="faint">Right, but least sure:</p>', show(right.slice(0, LEAST_SURE))] : []),
  ].join('\n');
}

function casesOf({ rows, outputs, predicted: classes, width }: Scored, labels: Int32Array): Case[] {
  return [...rows].map((sample, at) => {
    const predicted = classes[at] as number;
    const truth = labels[sample] as number;
    return { sample, at, truth, predicted, sure: outputs[at * width + predicted] ?? 0, due: outputs[at * width + truth] ?? 0 };
  });
}

function nameOf(names: readonly string[], number: number): string {
  return names[number] ?? String(number);
}

function tiles(cases: readonly Case[], dataset: Dataset, size: PictureSize, names: readonly string[]): string {
  const figures = cases.map((one) => {
    const { sample, truth, predicted, sure } = one;
    const alt = `sample ${sample}: ${nameOf(names, truth)} taken for ${nameOf(names, predicted)}`;
    const kind = truth === predicted ? 'hit' : 'miss';
    const caption = `${escapeHtml(nameOf(names, truth))} → <b class="${kind}">${escapeHtml(nameOf(names, predicted))}</b> ${formatPercent(sure, 0)}`;
    return `<figure>${pictureOf(dataset, sample, size, alt)}<figcaption>${caption}</figcaption></figure>`;
  });
  return `<div class="tiles">${figures.join('\n')}</div>`;
}

function pictureOf({ features, featureCount }: Dataset, sample: number, size: PictureSize, alt: string): string {
  return picture(samplePixels(features.subarray(sample * featureCount, (sample + 1) * featureCount), size), alt);
}

function caseTable(cases: readonly Case[], dataset: Dataset, preprocess: Preprocess, names: readonly string[]): string {
  const rows = cases.map(({ sample, truth, predicted, sure }) => [
    String(sample),
    nameOf(names, truth),
    nameOf(names, predicted),
    formatPercent(sure, 1),
    ...featuresOf(dataset, sample),
  ]);
  return rowTable(['sample', 'true', 'predicted', 'probability', ...namesOf(preprocess)], rows);
}

function regression(found: Scored, preprocess: Preprocess, note: string): string {
  const { dataset, rows, outputs, width } = found;
  if (dataset.target.kind !== 'value') return '';
  const { values } = dataset.target;
  const errors = [...rows].map((sample, at) => {
    let squares = 0;
    for (let j = 0; j < width; j++) squares += ((outputs[at * width + j] as number) - (values[sample * width + j] as number)) ** 2;
    return { sample, at, error: Math.sqrt(squares / width) };
  });
  const worst = errors.toSorted((a, b) => b.error - a.error || a.at - b.at).slice(0, MAX_ROWS);
  const several = (list: ArrayLike<number>, at: number): string =>
    Array.from({ length: Math.min(width, 4) }, (_, j) => shortNumber(list[at * width + j] as number)).join(', ');
  const table = worst.map(({ sample, at, error }) => [
    String(sample),
    several(values, sample),
    several(outputs, at),
    shortNumber(error),
    ...featuresOf(dataset, sample),
  ]);
  return `<p class="faint">The rows of the ${found.split} split with the largest errors.${note}</p>${rowTable(['sample', 'target', 'predicted', 'error', ...namesOf(preprocess)], table)}`;
}

/** As they were before they were normalised. */
function featuresOf({ features, featureCount }: Dataset, sample: number): string[] {
  return Array.from({ length: Math.min(featureCount, MAX_FEATURES) }, (_, j) => shortNumber(features[sample * featureCount + j] as number));
}

function namesOf({ input }: Preprocess): string[] {
  return featureNames(input).slice(0, MAX_FEATURES);
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(5)));
}

function rowTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((title) => `<th scope="col"><button type="button">${escapeHtml(title)}</button></th>`).join('');
  const body = rows.map(
    (cells) => `<tr>${cells.map((cell) => `<td data-v="${escapeHtml(cell.replace(' %', ''))}">${escapeHtml(cell)}</td>`).join('')}</tr>`,
  );
  return wide('samples', `<table class="sort"><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table>`);
}
