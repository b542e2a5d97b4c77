import { checkSize, PictureError } from '../picture/picture.ts';

/** One colour of a picture: brightness, colour differences, or an ink. */
export interface Component {
  id: number;
  /** Blocks in a unit of all components, across and down. */
  h: number;
  v: number;
  quantization: number;
  /** Samples that belong to the picture. */
  width: number;
  height: number;
  /** Blocks that have such samples: what a scan of this component alone brings. */
  ownAcross: number;
  ownDown: number;
  /** Blocks of whole units: what there is place for. */
  across: number;
  down: number;
  /** [down, across, 64], in the order of rows. */
  coefficients: Int16Array;
  /** [64]: bits of each coefficient that are still to come; -1 before its first scan. */
  missing: Int8Array;
}

export interface Frame {
  progressive: boolean;
  width: number;
  height: number;
  /** The largest of its components. */
  h: number;
  v: number;
  /** Units of 8 h x 8 v pixels. */
  unitsAcross: number;
  unitsDown: number;
  components: readonly Component[];
}

const BLOCK = 64;
const PRECISION = 8;

/**
 * The content of SOF0, SOF1 or SOF2.
 *
 * @param at     its byte in the file, for errors
 * @param bytes  of the whole file: a picture has at least a bit a block
 * @throws PictureError, before anything is allocated
 */
export function readFrame(content: Uint8Array, progressive: boolean, at: number, bytes: number): Frame {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const count = content[5] ?? 0;
  if (content.length < 6 || content.length !== 6 + 3 * count) throw new PictureError(at, `a frame of ${content.length} bytes`);
  if (content[0] !== PRECISION) throw new PictureError(at, `${content[0]} bits a sample; only ${PRECISION} are read`);
  const [height, width] = [view.getUint16(1), view.getUint16(3)];
  checkSize(width, height, at);
  if (![1, 3, 4].includes(count)) throw new PictureError(at, `${count} colours a pixel; expected 1 (grey), 3 or 4 (inks)`);
  const specs = Array.from({ length: count }, (_, i) => {
    const [id, sampling, quantization] = content.subarray(6 + 3 * i) as unknown as [number, number, number];
    return { id, h: sampling >> 4, v: sampling & 15, quantization };
  });
  const h = Math.max(...specs.map((spec) => spec.h));
  const v = Math.max(...specs.map((spec) => spec.v));
  for (const spec of specs) {
    const isWhole = spec.h > 0 && spec.v > 0 && h <= 4 && v <= 4 && h % spec.h === 0 && v % spec.v === 0;
    if (!isWhole) throw new PictureError(at, `a colour sampled ${spec.h} x ${spec.v} of ${h} x ${v}`);
    if (specs.filter(({ id }) => id === spec.id).length > 1) throw new PictureError(at, `two colours with number ${spec.id}`);
    if (spec.quantization > 3) throw new PictureError(at, `quantization table ${spec.quantization}; there are 0 to 3`);
  }
  const unitsAcross = Math.ceil(width / (8 * h));
  const unitsDown = Math.ceil(height / (8 * v));
  const blocks = specs.reduce((sum, spec) => sum + unitsAcross * spec.h * unitsDown * spec.v, 0);
  if (blocks > 8 * bytes) throw new PictureError(at, `${width} x ${height} pixels, which ${bytes} bytes cannot hold`);
  const components = specs.map((spec): Component => {
    const own = { width: Math.ceil((width * spec.h) / h), height: Math.ceil((height * spec.v) / v) };
    const [across, down] = [unitsAcross * spec.h, unitsDown * spec.v];
    return {
      ...spec,
      ...own,
      ownAcross: Math.ceil(own.width / 8),
      ownDown: Math.ceil(own.height / 8),
      across,
      down,
      coefficients: new Int16Array(across * down * BLOCK),
      missing: new Int8Array(BLOCK).fill(-1),
    };
  });
  return { progressive, width, height, h, v, unitsAcross, unitsDown, components };
}
