import type { PicturesProfile, Thumbnail } from '../../data/profile/pictures.ts';
import { printable } from '../../errors.ts';
import { showBytes } from '../../machine/show-bytes.ts';
import { escapeHtml } from '../page/html.ts';
import { renderPage, wide } from '../page/page.ts';
import { picture } from '../page/picture.ts';
import { renderTable, type TableLook } from '../text/table.ts';
import { stacked } from '../text/wrapped.ts';
import { table } from './html.ts';
import { drawPicture } from './pictures.ts';
import { SAMPLE_STYLE, samplesSection } from './samples.ts';

const MOST_CLASSES = 100;
const MOST_SIZES = 5;
const MOST_UNREADABLE = 20;

/** What a folder of pictures holds: its classes, sizes, channels, what cannot be read, and the first pictures as letters. */
export function renderPicturesProfile(profile: PicturesProfile, shown: readonly Thumbnail[], look: TableLook): string {
  const { classes } = profile;
  const isSpoilt = profile.unreadable.length > 0;
  const rows = classes
    .slice(0, MOST_CLASSES)
    .map(({ name, count, unreadable }) => [printable(name), `${count}`, ...(isSpoilt ? [`${unreadable}`] : [])]);
  const head = ['class', 'pictures', ...(isSpoilt ? ['unreadable'] : [])];
  const drawn = shown.map(({ path, class: name, picture: one }) => {
    const letters = drawPicture(greyOf(one), [one.height, one.width]);
    return `${printable(path)}, class ${printable(name)}\n${letters}`;
  });
  const parts = [
    headline(profile),
    renderTable({ head, rows, align: ['left', 'right', 'right'] }, look),
    classes.length > MOST_CLASSES ? `... and ${classes.length - MOST_CLASSES} classes more` : '',
    sizesText(profile),
    channelsText(profile),
    ...unreadableText(profile),
    ...drawn,
  ];
  return stacked(parts, look.columns);
}

/** The same as a page, with pictures of each class. */
export function picturesPage(profile: PicturesProfile, shown: readonly Thumbnail[]): string {
  const { classes, path } = profile;
  const cells = classes.map(({ name, count, unreadable }) => [escapeHtml(name), `${count}`, `${unreadable}`]);
  const groups = classes.slice(0, MOST_CLASSES).map(({ name }) => ({
    title: `Class ${name}`,
    pictures: shown
      .filter((one) => one.class === name)
      .map(({ path: file, picture: { pixels, ...size } }) => picture({ ...size, data: pixels }, file)),
  }));
  return renderPage({
    title: `${path}: data`,
    style: `h1{overflow-wrap:anywhere}td:first-child,th:first-child{text-align:left}p{overflow-wrap:anywhere}${SAMPLE_STYLE}`,
    hasPictures: true,
    body: [
      `<h1>${escapeHtml(path)}</h1>`,
      ...[headline(profile), sizesText(profile), channelsText(profile), ...unreadableText(profile)]
        .filter((line) => line !== '')
        .map((line) => `<p>${escapeHtml(line)}</p>`),
      wide('classes', table(['class', 'pictures', 'unreadable'], cells)),
      samplesSection(groups),
    ],
  });
}

function headline({ path, rows, classes, memory_bytes: bytes }: PicturesProfile): string {
  const memory = bytes === undefined ? '' : `, ${showBytes(bytes)} in memory as RGB`;
  return `${printable(path)}: ${rows} ${rows === 1 ? 'picture' : 'pictures'}, ${classes.length} ${classes.length === 1 ? 'class' : 'classes'}${memory}`;
}

function sizesText({ sizes }: PicturesProfile): string {
  const some = sizes.slice(0, MOST_SIZES).map(({ height, width, count }) => `${height} x ${width}${sizes.length > 1 ? ` (${count})` : ''}`);
  if (sizes.length <= 1) return sizes.length === 0 ? '' : `size (height x width): ${some[0]}`;
  const [first] = sizes;
  const more = sizes.length > MOST_SIZES ? `, and ${sizes.length - MOST_SIZES} more` : '';
  return `${sizes.length} sizes (height x width): ${some.join(', ')}${more}; to train on them say size: [${first?.height}, ${first?.width}], or another, in data.source`;
}

function channelsText({ channels: { grey, rgb } }: PicturesProfile): string {
  if (grey === 0 || rgb === 0)
    return grey + rgb === 0 ? '' : `channels: all ${grey === 0 ? 'RGB' : 'grey; channels: 1 in data.source keeps them so'}`;
  return `channels: ${grey} grey, ${rgb} RGB`;
}

function unreadableText({ unreadable }: PicturesProfile): string[] {
  if (unreadable.length === 0) return [];
  const some = unreadable.slice(0, MOST_UNREADABLE).map(({ path, message }) => `  ${printable(path)}: ${printable(message)}`);
  const more = unreadable.length > MOST_UNREADABLE ? [`  ... and ${unreadable.length - MOST_UNREADABLE} more`] : [];
  const files = unreadable.length === 1 ? '1 file cannot be read, and training' : `${unreadable.length} files cannot be read, and training`;
  return [`${files} would refuse the folder:`, ...some, ...more];
}

/** The mean of the channels. */
function greyOf({ channels, pixels, width, height }: Thumbnail['picture']): Uint8Array {
  if (channels === 1) return pixels;
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(3 * i, 3 * i + 3);
    return Math.round((red + green + blue) / 3);
  });
}
