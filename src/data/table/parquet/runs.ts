/** Writers fill up the last run of bit-packed values, to whole groups of eight. */
const PADDING_VALUES = 512;
const LENGTH_BYTES = 4;

/** What tells how a data page is laid out. */
export interface PageLayout {
  values: number;
  isOptional: boolean;
  isBoolean: boolean;
  encoding: string;
  /** Of a page of the second version, whose levels stand before it without their length. */
  levelBytes?: number;
}

/**
 * Checks the runs of a page's levels and dictionary numbers: a decoder writes as many values as a run says, so none may say more than
 * the page has.
 *
 * @param bytes  the page, decompressed, levels first
 * @throws Error with what does not fit
 */
export function checkRuns(bytes: Uint8Array, { values, isOptional, isBoolean, encoding, levelBytes }: PageLayout): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = levelBytes ?? 0;
  if (levelBytes !== undefined) walk(view, 0, levelBytes, 1, values);
  else if (isOptional) {
    const length = view.getUint32(0, true);
    at = LENGTH_BYTES + length;
    if (at > bytes.length) throw new Error(`levels of ${length} bytes in a page of ${bytes.length}`);
    walk(view, LENGTH_BYTES, at, 1, values);
  }
  if (!/^(?:PLAIN_DICTIONARY|RLE_DICTIONARY|RLE)$/.test(encoding) || at >= bytes.length) return;
  if (isBoolean) walk(view, at + LENGTH_BYTES, bytes.length, 1, values);
  else walk(view, at + 1, bytes.length, view.getUint8(at), values);
}

/** Goes from run to run, as far as there are values or bytes. @see https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE */
function walk(view: DataView, from: number, to: number, width: number, values: number): void {
  let seen = 0;
  let at = from;
  while (seen < values && at < to) {
    let header = 0;
    for (let shift = 0; at < to; shift += 7) {
      const byte = view.getUint8(at++);
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const isPacked = header % 2 === 1;
    const count = Math.floor(header / 2) * (isPacked ? 8 : 1);
    if (count > values + (isPacked ? PADDING_VALUES : 0)) throw new Error(`a run of ${count} values in a page of ${values}`);
    at += isPacked ? (count / 8) * width : (width + 7) >> 3;
    seen += count;
  }
}
