import zlib from 'node:zlib';
import { type ColumnMetaData, type Compressors, snappyUncompress } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { checkRuns, type PageLayout } from './runs.ts';

type Codec = ColumnMetaData['codec'];

/** What a byte can become at most, by codec; the others are told how far they may go as they decompress. */
const RATIOS: Partial<Record<Codec, number>> = { UNCOMPRESSED: 1, SNAPPY: 64, GZIP: 1032 };
/** A page that only says "so many of the same" is short. */
const OTHER_RATIO = 2 ** 16;
const SLACK_BYTES = 64;
/** Larger pages are not written by anyone: the usual size is 1 MiB. */
const PAGE_LIMIT_BYTES = 2 ** 30;

/** Zstandard came with Node 22.15 and 23.8. */
const zstd: unknown = Reflect.get(zlib, 'zstdDecompressSync');

/** Codecs that this Node has. */
export const COMPRESSORS: Compressors = {
  SNAPPY: (input, length) => {
    const output = new Uint8Array(length);
    snappyUncompress(input, output);
    return output;
  },
  GZIP: (input, length) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ...(isDecompressor(zstd) && { ZSTD: (input, length) => zstd(input, { maxOutputLength: Math.max(1, length) }) }),
};

type Decompressor = (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

function isDecompressor(value: unknown): value is Decompressor {
  return typeof value === 'function';
}

export function isKnownCodec(codec: Codec): boolean {
  return codec === 'UNCOMPRESSED' || Object.hasOwn(COMPRESSORS, codec);
}

/**
 * Checks what the pages of a column's chunk say of themselves against their bytes and the number of rows, so that nothing is allocated
 * for values that cannot be there.
 *
 * @param bytes  the whole chunk
 * @throws Error with what does not fit
 */
export function checkPages(bytes: ArrayBuffer, codec: Codec, rows: number, column: Pick<PageLayout, 'isOptional' | 'isBoolean'>): void {
  const reader = { view: new DataView(bytes), offset: 0 };
  let values = 0;
  while (values < rows && reader.offset < bytes.byteLength - 1) {
    const header = parquetHeader(reader);
    const { compressed_page_size: size, uncompressed_page_size: length } = header;
    const left = bytes.byteLength - reader.offset;
    if (!isSize(size) || size > left) throw new Error(`a page of ${size} bytes where ${left} are left`);
    if (!isSize(length) || length > PAGE_LIMIT_BYTES || length > size * (RATIOS[codec] ?? OTHER_RATIO) + SLACK_BYTES)
      throw new Error(`a page of ${size} bytes cannot become ${length}`);
    const page = new Uint8Array(bytes, reader.offset, size);
    reader.offset += size;
    const dictionary = header.dictionary_page_header;
    if (dictionary !== undefined) {
      if (!isSize(dictionary.num_values) || dictionary.num_values > 8 * length)
        throw new Error(`${dictionary.num_values} values in a dictionary of ${length} bytes`);
      continue;
    }
    const second = header.data_page_header_v2;
    const data = header.data_page_header ?? second;
    const count = data?.num_values;
    if (data === undefined || !isSize(count) || count > rows - values)
      throw new Error(`${count} values in a page; the column has ${rows}, and ${values} before it`);
    if (second === undefined) checkRuns(decompressed(page, length, codec), { ...column, values: count, encoding: data.encoding });
    else {
      const { definition_levels_byte_length: levels, repetition_levels_byte_length: repetitions, is_compressed: isCompressed } = second;
      if (!isSize(levels) || repetitions !== 0 || levels > Math.min(size, length))
        throw new Error(`levels of ${levels} bytes in a page of ${size}`);
      const rest = isCompressed === false ? page.subarray(levels) : decompressed(page.subarray(levels), length - levels, codec);
      checkRuns(Buffer.concat([page.subarray(0, levels), rest]), { ...column, values: count, encoding: data.encoding, levelBytes: levels });
    }
    values += count;
  }
  if (values !== rows) throw new Error(`${values} values; the row group has ${rows} rows`);
}

function decompressed(page: Uint8Array, length: number, codec: Codec): Uint8Array {
  return codec === 'UNCOMPRESSED' ? page : (COMPRESSORS[codec]?.(page, length) ?? page);
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
