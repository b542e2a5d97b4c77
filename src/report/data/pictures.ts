import type { Dataset } from '../../data/dataset.ts';

const SHADES = ' .:-=+*#%@';
/** A letter is about twice as high as wide: every second line of pixels is left out. */
const LINE_STEP = 2;
const WIDEST = 80;

/** The first training samples that are pictures, one below the other; empty for other data. */
export function drawPictures({ features, featureCount, sampleShape, splits, target, preprocess }: Dataset, count: number): string {
  const names = preprocess.target.kind === 'class' ? preprocess.target.classes : [];
  return Array.from(splits.train.slice(0, count), (row) => {
    const picture = drawPicture(features.subarray(row * featureCount, (row + 1) * featureCount), sampleShape);
    const label = target.kind === 'class' ? `, class ${names[target.labels[row] as number] ?? target.labels[row]}` : '';
    return picture === '' ? '' : `row ${row}${label}\n${picture}`;
  })
    .filter((picture) => picture !== '')
    .join('\n');
}

/** A picture, a letter a pixel; empty for a row that is none, or one too wide. @param shape  [height, width] or [channels, height, width] */
export function drawPicture(pixels: ArrayLike<number>, shape: readonly number[]): string {
  const [height = 1, width = 1] = shape.slice(-2);
  if (shape.length < 2 || width > WIDEST) return '';
  const channels = pixels.length / (height * width);
  const most = Array.from(pixels).reduce((max, value) => Math.max(max, value), 0) || 1;
  const lines: string[] = [];
  for (let y = 0; y < height; y += LINE_STEP) {
    let line = '';
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += pixels[(c * height + y) * width + x] as number;
      const shade = Math.round((Math.max(0, sum) / channels / most) * (SHADES.length - 1));
      line += SHADES[shade] ?? ' ';
    }
    lines.push(line.trimEnd());
  }
  return lines.join('\n');
}
