import { printableSentence } from '../../errors.ts';
import { elements } from '../../graph/shape.ts';
import { RUN_FILES } from '../../runs/files/names.ts';
import type { Tensor } from '../../storage/safetensors/bytes.ts';
import { escapeHtml } from '../page/html.ts';
import { wide } from '../page/page.ts';
import { experimentLines } from '../text/annotated.ts';
import { formatCount, formatCounted, formatLoss, formatMetricValue, formatSeconds } from '../text/numbers.ts';
import type { ReportedRun } from './read.ts';
import { floatsOf } from './weights.ts';

/** Where the comments of a config start. */
const COLUMN = 44;
const MAX_TENSORS = 200;

/** What the run is and what it came to, in a list. */
export function factsPart({ run, summary, stepsPerEpoch, loaded, notes }: ReportedRun): string {
  const { record, directory } = run;
  const rows: [string, string][] = [
    ['status', `${record.status}${record.problem === null ? '' : `: ${printableSentence(record.problem, 500)}`}`],
  ];
  if (summary !== undefined) {
    rows.push(['length', `${formatCounted(summary.steps, 'step')}, ${formatCounted(summary.epochs, 'epoch')}`]);
    const { last } = summary;
    for (const split of ['train', 'val', 'test']) {
      const names = Object.keys(last).filter((name) => isResult(name, split));
      if (names.length > 0) rows.push([split, names.map((name) => resultText(name, last[name])).join(', ')]);
    }
    const watched = loaded?.experiment.train.early_stop?.metric ?? loaded?.experiment.train.checkpoint.best?.metric;
    const found = [...new Set([watched ?? 'val.loss', 'val.loss', 'val.accuracy'])].flatMap((name) => {
      const best = summary.best[name];
      return best === undefined ? [] : [`${name} ${formatMetricValue(name, best.value)} ${placeText(best.step, stepsPerEpoch)}`];
    });
    if (found.length > 0) rows.push(['best', found.join(', ')]);
    const restored = last['restored.from'];
    if (typeof restored === 'number') rows.push(['parameters', `of step ${formatCount(restored)}, the best one`]);
    rows.push([
      'time',
      `${formatSeconds(summary.seconds)}, ${formatCount(summary.samples_per_second)} samples/s with ${formatCounted(summary.workers, 'worker')}`,
    ]);
    if (summary.digest !== '') rows.push(['digest', summary.digest]);
  }
  if (record.tags.length > 0) rows.push(['tags', record.tags.join(', ')]);
  if (notes !== '') rows.push(['notes', notes]);
  rows.push(['files', directory]);
  return `<dl>${rows.map(([name, text]) => `<dt>${name}</dt><dd>${escapeHtml(text)}</dd>`).join('')}</dl>`;
}

function isResult(name: string, split: string): boolean {
  return split === 'train' ? /^train\.(?!loss$|epoch_|penalty$)/.test(name) : name.startsWith(`${split}.`);
}

function resultText(name: string, value: number | null | undefined): string {
  return `${name
    .replace(/^\w+\./, '')
    .replace('eval_', '')
    .replaceAll('_', ' ')} ${formatMetricValue(name, value)}`;
}

/** `in epoch 8`, `at step 7` where an epoch is one step or none is over. */
function placeText(step: number, stepsPerEpoch: number | undefined): string {
  if (stepsPerEpoch === undefined || stepsPerEpoch < 2) return `at step ${formatCount(step)}`;
  return `in epoch ${formatCount(Math.ceil(step / stepsPerEpoch))}`;
}

/** The resolved config, each value with where it comes from as far as the run knows. */
export function configPart({ loaded, configText, environment, missing }: ReportedRun): string {
  if (loaded === undefined) {
    const why = missing.get('config');
    const said = why === undefined ? '' : `<p class="faint">Not read as an experiment of this version: ${escapeHtml(why)}.</p>`;
    return `${said}${configText === undefined ? '' : `<pre tabindex="0" aria-label="config">${escapeLines(configText)}</pre>`}`;
  }
  const origins = environment?.origins;
  const lines = experimentLines(loaded).map(({ text, path }) => {
    const origin = path === undefined ? undefined : (origins?.[path] ?? (origins === undefined ? undefined : 'default'));
    if (origin === undefined) return escapeHtml(text);
    const isSet = origin !== 'default';
    const comment = `<span class="faint">${' '.repeat(Math.max(1, COLUMN - text.length))}# ${escapeHtml(origin)}</span>`;
    return `${isSet ? `<span class="set">${escapeHtml(text)}</span>` : escapeHtml(text)}${comment}`;
  });
  const note =
    origins === undefined ? `<p class="faint">${RUN_FILES.environment} of this run does not say where its values come from.</p>` : '';
  return `${note}<pre tabindex="0" aria-label="config">${lines.join('\n')}</pre>`;
}

function escapeLines(text: string): string {
  return text.trimEnd().split('\n').map(escapeHtml).join('\n');
}

/** The machine and the programs. */
export function environmentPart({ environment, missing }: ReportedRun): string {
  if (environment === undefined) return absent(missing.get('environment'));
  const rows = Object.entries(environment).flatMap(([key, value]) => (key === 'origins' ? [] : flat(key, value)));
  return wide(
    'environment',
    `<table><tbody>${rows.map(([name, text]) => `<tr><th scope="row" class="text">${escapeHtml(name)}</th><td class="text wrap">${escapeHtml(text)}</td></tr>`).join('\n')}</tbody></table>`,
  );
}

function flat(key: string, value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[key.replaceAll('_', ' '), String(value)]];
  return Object.entries(value).flatMap(([name, child]) => flat(`${key} ${name}`, child));
}

/** The tensors of the model with what their values are like. */
export function tensorsPart({ tensors, missing }: ReportedRun): string {
  if (tensors === undefined) return absent(missing.get('model'));
  const all = [...tensors];
  const rows = all.slice(0, MAX_TENSORS).map(([name, tensor]) => tensorRow(name, tensor));
  const heads = ['tensor', 'shape', 'values', 'mean', 'std', 'least', 'largest'];
  const head = heads
    .map((title, i) => `<th scope="col"${i === 0 ? ' class="text"' : ''}><button type="button">${title}</button></th>`)
    .join('');
  const left = all.length > MAX_TENSORS ? `<p class="faint">The first ${formatCount(MAX_TENSORS)} of ${formatCount(all.length)}.</p>` : '';
  return left + wide('tensors', `<table class="sort"><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`);
}

function tensorRow(name: string, tensor: Tensor): string {
  const values = tensor.dtype === 'F32' ? floatsOf(tensor) : new Float32Array();
  const count = values.length || 1;
  let [sum, least, largest] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    sum += value;
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  const mean = sum / count;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const numbers = values.length === 0 ? ['', '', '', ''] : [mean, Math.sqrt(squares / count), least, largest];
  const cells = numbers.map((value) => `<td data-v="${value}">${typeof value === 'number' ? formatLoss(value) : ''}</td>`).join('');
  const size = elements(tensor.shape);
  return `<tr><td class="text" data-v="${escapeHtml(name)}">${escapeHtml(name)}</td><td data-v="${size}">${tensor.shape.join(' x ')}</td><td data-v="${size}">${formatCount(size)}</td>${cells}</tr>`;
}

/** A sentence in the place of what cannot be shown. */
export function absent(why: string | undefined): string {
  return `<p class="faint">Left out: ${escapeHtml(why ?? 'nothing is known of it')}.</p>`;
}
