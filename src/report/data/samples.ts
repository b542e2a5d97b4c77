import type { Dataset } from '../../data/dataset.ts';
import { escapeHtml } from '../page/html.ts';
import { picture, samplePixels } from '../page/picture.ts';
import { pictureSize } from '../run-page/weights.ts';

/** Pictures of a class, and classes, on a page; of samples without classes so many in all. */
const MOST_OF_CLASS = 8;
const MOST_CLASSES = 60;
const MOST_IN_ALL = 40;

export const SAMPLE_STYLE =
  '.tiles{display:flex;flex-wrap:wrap;gap:6px;margin:.3rem 0 .8rem}.tiles figure{margin:0}.tiles img{display:block;min-width:4rem;max-width:8rem;height:auto;image-rendering:pixelated;border-radius:2px}h3{font-size:.95rem;margin:.8rem 0 0;overflow-wrap:anywhere}';

/** Pictures that belong together: of a class, of an array. */
export interface PictureGroup {
  title: string;
  /** Elements with a picture each. */
  pictures: readonly string[];
}

/** Some training samples of each class; undefined where samples are no pictures. */
export function sampleGroups({ features, featureCount, splits, target, preprocess }: Dataset): PictureGroup[] | undefined {
  const size = pictureSize(preprocess.input);
  if (size === undefined) return undefined;
  const show = (rows: readonly number[], what: string): string[] =>
    rows.map((row) => picture(samplePixels(features.subarray(row * featureCount, (row + 1) * featureCount), size), `${what}, row ${row}`));
  if (target.kind === 'value') return [{ title: 'Training samples', pictures: show([...splits.train.subarray(0, MOST_IN_ALL)], 'sample') }];
  const names = preprocess.target.kind === 'class' ? preprocess.target.classes : [];
  const rows = Array.from({ length: Math.min(target.classes, MOST_CLASSES) }, (): number[] => []);
  for (const row of splits.train) {
    const own = rows[target.labels[row] as number];
    if (own !== undefined && own.length < MOST_OF_CLASS) own.push(row);
  }
  return rows.map((some, label) => {
    const name = names[label] ?? `${label}`;
    return { title: `Class ${name}`, pictures: show(some, `class ${name}`) };
  });
}

/** The part of a page with pictures. */
export function samplesSection(groups: readonly PictureGroup[]): string {
  const shown = groups.filter(({ pictures }) => pictures.length > 0);
  const parts = shown.map(
    ({ title, pictures }) =>
      `<h3>${escapeHtml(title)}</h3><div class="tiles">${pictures.map((one) => `<figure>${one}</figure>`).join('')}</div>`,
  );
  return `<h2>Samples</h2>\n${parts.join('\n')}`;
}
