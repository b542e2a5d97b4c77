import { type Picture, PictureError } from '../picture/picture.ts';
import { type ColourHints, coloursOf, pixelsOf } from './colour.ts';
import { type Frame, readFrame } from './frame.ts';
import { HuffmanTable } from './huffman.ts';
import { readScan, type Scan, ZIGZAG } from './scan.ts';

const MARKER = { soi: 0xd8, eoi: 0xd9, sos: 0xda, dqt: 0xdb, dht: 0xc4, dri: 0xdd, app0: 0xe0, app14: 0xee } as const;
/** Frames that are not read, by their markers. */
const OTHER_FRAMES: ReadonlyMap<number, string> = new Map([
  [0xc3, 'a lossless JPEG'],
  ...[0xc5, 0xc6, 0xc7].map((marker): [number, string] => [marker, 'a hierarchical JPEG']),
  ...[0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf].map((marker): [number, string] => [marker, 'a JPEG with arithmetic coding']),
]);

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === MARKER.soi && bytes[2] === 0xff;
}

/** What the segments of a file have said so far. */
interface State {
  frame: Frame | undefined;
  quantization: Uint16Array[];
  dc: HuffmanTable[];
  ac: HuffmanTable[];
  restart: number;
  hints: ColourHints;
}

/**
 * The pixels of a JPEG file, sequential or progressive, grey, YCbCr, RGB or CMYK, in whole numbers throughout: the bytes that libjpeg-turbo
 * gives. EXIF orientation is not applied.
 *
 * @throws PictureError
 * @see ITU-T T.81
 */
export function decodeJpeg(bytes: Uint8Array): Picture {
  const state: State = {
    frame: undefined,
    quantization: [],
    dc: [],
    ac: [],
    restart: 0,
    hints: { jfif: false, adobe: undefined },
  };
  for (let at = 2; ; ) {
    const { marker, from } = markerAt(bytes, at);
    if (marker === MARKER.eoi) return finish(state, at);
    const length = ((bytes[from] ?? 0) << 8) | (bytes[from + 1] ?? 0);
    if (length < 2 || from + length > bytes.length)
      throw new PictureError(at, 'a segment goes beyond the end of the file: it was cut short');
    const content = bytes.subarray(from + 2, from + length);
    at = from + length;
    if (marker === MARKER.sos) at = readScanAt(state, content, bytes, from, at);
    else readSegment(state, marker, content, from, bytes.length);
  }
}

/** The next marker from `at` on, and the first byte behind it. */
function markerAt(bytes: Uint8Array, at: number): { marker: number; from: number } {
  let from = at;
  if (bytes[from] !== 0xff) {
    const isEnd = from >= bytes.length;
    throw new PictureError(from, isEnd ? 'ends before its end marker: the file was cut short' : 'no marker where one should be');
  }
  while (bytes[from] === 0xff) from++;
  const marker = bytes[from];
  if (marker === undefined) throw new PictureError(from, 'ends before its end marker: the file was cut short');
  return { marker, from: from + 1 };
}

function readSegment(state: State, marker: number, content: Uint8Array, at: number, bytes: number): void {
  const other = OTHER_FRAMES.get(marker);
  if (other !== undefined) throw new PictureError(at, `${other}, which is not read`);
  if (marker >= 0xc0 && marker <= 0xc2) {
    if (state.frame !== undefined) throw new PictureError(at, 'a second frame');
    state.frame = readFrame(content, marker === 0xc2, at, bytes);
  } else if (marker === MARKER.dqt) readQuantization(state, content, at);
  else if (marker === MARKER.dht) readHuffman(state, content, at);
  else if (marker === MARKER.dri) state.restart = ((content[0] ?? 0) << 8) | (content[1] ?? 0);
  else if (marker === MARKER.app0 && startsWith(content, 'JFIF\0')) state.hints.jfif = true;
  else if (marker === MARKER.app14 && content.length >= 12 && startsWith(content, 'Adobe')) state.hints.adobe = content[11];
}

function startsWith(content: Uint8Array, text: string): boolean {
  return Buffer.from(content.subarray(0, text.length)).toString('latin1') === text;
}

function readQuantization(state: State, content: Uint8Array, at: number): void {
  for (let i = 0; i < content.length; ) {
    const head = content[i++] as number;
    const bytes = head >> 4 === 0 ? 1 : 2;
    if (head >> 4 > 1 || (head & 15) > 3 || i + 64 * bytes > content.length) throw new PictureError(at, 'a broken quantization table');
    const table = new Uint16Array(64);
    for (let k = 0; k < 64; k++, i += bytes) {
      const value = bytes === 1 ? (content[i] as number) : ((content[i] as number) << 8) | (content[i + 1] as number);
      table[ZIGZAG[k] as number] = value;
    }
    state.quantization[head & 15] = table;
  }
}

function readHuffman(state: State, content: Uint8Array, at: number): void {
  for (let i = 0; i < content.length; ) {
    const head = content[i] as number;
    const counts = content.subarray(i + 1, i + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    i += 17 + total;
    if (head >> 4 > 1 || (head & 15) > 3 || total > 256 || i > content.length) throw new PictureError(at, 'a broken Huffman table');
    const table = new HuffmanTable(counts, content.slice(i - total, i), at);
    (head >> 4 === 0 ? state.dc : state.ac)[head & 15] = table;
  }
}

/** @returns where the next marker stands */
function readScanAt(state: State, content: Uint8Array, bytes: Uint8Array, at: number, from: number): number {
  const { frame } = state;
  if (frame === undefined) throw new PictureError(at, 'pixels before the frame that tells their size');
  const count = content[0] ?? 0;
  if (count < 1 || count > 4 || content.length !== 4 + 2 * count) throw new PictureError(at, `the header of a scan of ${count} colours`);
  const parts = Array.from({ length: count }, (_, i) => {
    const id = content[1 + 2 * i] as number;
    const tables = content[2 + 2 * i] as number;
    const component = frame.components.find((known) => known.id === id);
    if (component === undefined) throw new PictureError(at, `a scan of colour ${id}, which the frame does not have`);
    return { component, dc: state.dc[tables >> 4], ac: state.ac[tables & 15] };
  });
  if (new Set(parts.map(({ component }) => component)).size < count) throw new PictureError(at, 'a scan names a colour twice');
  const [first, last, bits] = content.subarray(1 + 2 * count) as unknown as [number, number, number];
  const scan: Scan = { parts, first, last, high: bits >> 4, low: bits & 15, restart: state.restart };
  return readScan(frame, scan, bytes, from);
}

function finish({ frame, quantization, hints }: State, at: number): Picture {
  if (frame === undefined) throw new PictureError(at, 'has no pixels');
  for (const { missing, quantization: number } of frame.components) {
    if (missing[0] === -1) throw new PictureError(at, 'ends before all of its colours have come');
    if (quantization[number] === undefined) throw new PictureError(at, `has no quantization table ${number}`);
  }
  return pixelsOf(frame, coloursOf(frame, hints), quantization);
}
