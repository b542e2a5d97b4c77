import path from 'node:path';
import { GradloomError, printable } from '../../errors.ts';
import { openContent, place, readHead } from './content.ts';
import { isDirectory } from './paths.ts';

/** Formats of files that a `data.source` reads, by the `type` that says so. */
export type FileType = 'csv' | 'npy' | 'npz' | 'parquet' | 'idx' | 'images';

/** What a file is, told by its content. */
export interface FileFormat {
  /** The source that reads it; undefined: none does. */
  type: FileType | undefined;
  /** `CSV`, `a NumPy array (.npy)`: what stands behind "this is". */
  name: string;
  /** What to write in the experiment, or how to convert the file. */
  cure: string;
}

/** Bytes of the start of a file that are enough to tell its format: a tar archive's mark is the last, at 257. */
export const HEAD_BYTES = 512;

/** How each source is written; FILE stands for the path. Also what each reads, in words. */
const READ: Readonly<Record<FileType, { reads: string; source: string }>> = {
  csv: { reads: 'CSV or TSV', source: '{type: csv, path: FILE, target: <column>}' },
  npy: { reads: 'NumPy arrays (.npy)', source: '{type: npy, x: FILE, y: <labels.npy>}' },
  npz: { reads: 'NumPy archives (.npz)', source: '{type: npz, path: FILE, x: <name>, y: <name>}' },
  parquet: { reads: 'Parquet', source: '{type: parquet, path: FILE, target: <column>}' },
  idx: { reads: 'IDX', source: '{type: idx, images: FILE, labels: <labels>}' },
  images: { reads: 'folders of PNG and JPEG pictures, one a class', source: '{type: images, path: <folder with a folder a class>}' },
};

type Known =
  | FileType
  | { /** Python that gives an array. */ load: string }
  | { /** Python that writes a file we read. */ run: string }
  | { cure: string };

const UNPACK: Known = { cure: 'unpack it, and name the file inside' };
const DECOMPRESS: Known = { cure: 'decompress it; of compressed files only gzip is read' };
const PICTURE: Known = { run: 'import PIL.Image; PIL.Image.open(FILE).convert("RGB").save("out.png")' };
const EXCEL: Known = { run: 'import pandas; pandas.read_excel(FILE).to_csv("out.csv", index=False)' };
const PICKLE_NAME = 'a Python pickle, which can run any code when it is read: it is refused';
const PICKLE: Known = { run: 'import numpy, pickle; numpy.save("out.npy", numpy.array(pickle.load(open(FILE, "rb"))))' };
const TORCH_NAME = 'a PyTorch file, a pickle that can run any code when it is read: it is refused';
const TORCH: Known = { run: 'import numpy, torch; numpy.save("out.npy", torch.load(FILE, weights_only=True).numpy())' };

/** What files begin with, each byte as a character. */
const SIGNATURES: readonly [mark: string, name: string, known: Known][] = [
  ['\x93NUMPY', 'a NumPy array (.npy)', 'npy'],
  ['\x89PNG\r\n', 'a PNG picture', 'images'],
  ['\xff\xd8\xff', 'a JPEG picture', 'images'],
  ['GIF8', 'a GIF picture', PICTURE],
  ['II*\0', 'a TIFF picture', PICTURE],
  ['MM\0*', 'a TIFF picture', PICTURE],
  ['PAR1', 'a Parquet table', 'parquet'],
  ['ARROW1', 'an Arrow table', { run: 'import pandas; pandas.read_feather(FILE).to_parquet("out.parquet")' }],
  ['FEA1', 'a Feather table', { run: 'import pandas; pandas.read_feather(FILE).to_parquet("out.parquet")' }],
  ['ORC', 'an ORC table', { run: 'import pandas; pandas.read_orc(FILE).to_parquet("out.parquet")' }],
  ['\x89HDF\r\n\x1a\n', 'an HDF5 file', { load: 'h5py.File(FILE)["NAME"][:]' }],
  ['MATLAB 7.3', 'a MATLAB file (.mat) of version 7.3', { load: 'h5py.File(FILE)["NAME"][:]' }],
  ['MATLAB 5.0', 'a MATLAB file (.mat)', { load: 'scipy.io.loadmat(FILE)["NAME"]' }],
  [
    'SQLite format 3\0',
    'an SQLite database',
    { run: 'import pandas, sqlite3; pandas.read_sql("select * from NAME", sqlite3.connect(FILE)).to_csv("out.csv", index=False)' },
  ],
  ['\xd0\xcf\x11\xe0', 'an old Office document, as .xls', EXCEL],
  ['PK\x05\x06', 'an empty zip archive', { cure: 'get the file again' }],
  ['BZh', 'a file compressed by bzip2', DECOMPRESS],
  ['\xfd7zXZ\0', 'a file compressed by xz', DECOMPRESS],
  ['\x28\xb5\x2f\xfd', 'a file compressed by zstd', DECOMPRESS],
  ['\x04\x22\x4d\x18', 'a file compressed by lz4', DECOMPRESS],
  ['\x1f\x9d', 'a file compressed by compress', DECOMPRESS],
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive', UNPACK],
  ['Rar!', 'a RAR archive', UNPACK],
  ['%PDF', 'a PDF document', { cure: 'name the file that holds the data' }],
];

/** Lengths in bytes of the second header of BMP pictures, by their version. */
const BMP_HEADERS: ReadonlySet<number> = new Set([12, 16, 40, 52, 56, 64, 108, 124]);

/** What texts begin with. */
const TEXTS: readonly [pattern: RegExp, name: string, known: Known][] = [
  [/^version https:\/\/git-lfs/, 'a pointer of Git LFS, not the file itself', { cure: 'git lfs pull' }],
  [/^\s*<(?:!doctype|html|\?xml)/i, 'a web page or XML', { cure: 'get the file again: the server sent a page in its place' }],
  [/^\s*[[{]/, 'JSON', { run: 'import json, numpy; numpy.save("out.npy", numpy.array(json.load(open(FILE))))' }],
  [
    /^@relation/im,
    'an ARFF table',
    { run: 'import pandas, scipy.io.arff; pandas.DataFrame(scipy.io.arff.loadarff(FILE)[0]).to_csv("out.csv", index=False)' },
  ],
  [/^[^\n]*[,;]/, 'CSV', 'csv'],
  [/^[^\n]*\t/, 'TSV', 'csv'],
  [/^/, 'text', { load: 'numpy.loadtxt(FILE)' }],
];

/** Names that say more of a text, or of a pickle, than its bytes. */
const TABLE_NAME = /\.(?:csv|tsv)(?:\.gz)?$/i;
const PICKLE_FILE = /\.(?:pkl|pickle|joblib)$/i;
const TORCH_FILE = /\.(?:pt|pth|ckpt)$/i;

/**
 * What a file is, told by its content; a directory is `images`. undefined: not known.
 *
 * @throws GradloomError E_DATA_READ; E_DATA_LENGTH for broken gzip
 */
export async function formatOf(file: string): Promise<FileFormat | undefined> {
  if (isDirectory(file)) return formatFor('a folder', 'images', file);
  return formatOfBytes(await readHead(await openContent(file), HEAD_BYTES), file);
}

/** @param head  the first bytes of a file, decompressed, up to HEAD_BYTES of them */
export function formatOfBytes(head: Uint8Array, file: string): FileFormat | undefined {
  const start = Buffer.from(head).toString('latin1');
  const signature = SIGNATURES.find(([mark]) => start.startsWith(mark));
  if (signature !== undefined) return formatFor(signature[1], signature[2], file);
  if (start.startsWith('PK\x03\x04')) return formatFor(...zipOf(start), file);
  if (/^RIFF[\s\S]{4}WEBP/.test(start)) return formatFor('a WebP picture', PICTURE, file);
  if (isBmp(head)) return formatFor('a BMP picture', PICTURE, file);
  if (isIdx(head)) return formatFor('IDX', 'idx', file);
  const isPickle = head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5;
  if (TORCH_FILE.test(file)) return formatFor(TORCH_NAME, TORCH, file);
  if (isPickle || PICKLE_FILE.test(file)) return formatFor(PICKLE_NAME, PICKLE, file);
  if (start.slice(257, 262) === 'ustar') return formatFor('a tar archive', UNPACK, file);
  if (/^[\s\S]{8}\{"/.test(start)) return formatFor('a safetensors file', { load: 'safetensors.numpy.load_file(FILE)["NAME"]' }, file);
  if (head.length === 0 || !isText(head)) return undefined;
  const text = TEXTS.find(([pattern]) => pattern.test(start.replace(/^\xef\xbb\xbf/, '')));
  if (text === undefined) return undefined;
  return text[1] === 'text' && TABLE_NAME.test(file) ? formatFor('CSV', 'csv', file) : formatFor(text[1], text[2], file);
}

/**
 * The refusal of a file that is of another format than its source reads.
 *
 * @param head    its first bytes, decompressed
 * @param wanted  the `type` of the source that was to read it
 * @param found   what stands where the mark of its format should: `bad magic 0x504b0304`
 * @returns E_DATA_MAGIC at byte 0 of the file
 */
export function wrongFormat(file: string, head: Uint8Array, wanted: FileType, found: string): GradloomError {
  const format = formatOfBytes(head, file);
  const where = place(file, 0);
  if (format === undefined || format.type === wanted) {
    const message = format === undefined ? `not a file of \`type: ${wanted}\`, which reads ${READ[wanted].reads} (${found})` : found;
    return new GradloomError({ code: 'E_DATA_MAGIC', where, message });
  }
  const name = printable(path.basename(file));
  const message =
    format.type === undefined
      ? `this is ${format.name}; \`type: ${wanted}\` reads ${READ[wanted].reads} (${found})`
      : `${name} is ${format.name}: say \`type: ${format.type}\``;
  return new GradloomError({ code: 'E_DATA_MAGIC', where, message, next: printable(format.cure, 1000) });
}

/** `BM` and, as a table may begin with BMI, four reserved zeros and the length of a second header, which is one of few. */
function isBmp(head: Uint8Array): boolean {
  if (head.length < 18 || head[0] !== 0x42 || head[1] !== 0x4d) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return view.getUint32(6, true) === 0 && BMP_HEADERS.has(view.getUint32(14, true));
}

/** Two zeros, a type and 1 to 4 dimensions. */
function isIdx([first, second, type = 0, rank = 0]: Uint8Array): boolean {
  return first === 0 && second === 0 && type >= 8 && type <= 14 && type !== 10 && rank >= 1 && rank <= 4;
}

/** A zip archive by the name of its first entry. */
function zipOf(start: string): [name: string, known: Known] {
  const entry = start.slice(30, 30 + start.charCodeAt(26) + 256 * start.charCodeAt(27));
  if (entry.endsWith('.npy')) return ['a NumPy archive (.npz)', 'npz'];
  if (/(?:^|\/)data\.pkl$|\/\.format_version$|\/byteorder$/.test(entry)) return [TORCH_NAME, TORCH];
  if (entry === '[Content_Types].xml' || entry.startsWith('xl/')) return ['an Excel workbook', EXCEL];
  if (/^mimetype$/.test(entry) && start.includes('opendocument.spreadsheet')) return ['an OpenDocument spreadsheet', EXCEL];
  return ['a zip archive', UNPACK];
}

function formatFor(name: string, known: Known, file: string): FileFormat {
  if (typeof known === 'string') return { type: known, name, cure: `source: ${READ[known].source.replace('FILE', () => yamlName(file))}` };
  return { type: undefined, name, cure: cureOf(known, JSON.stringify(path.basename(file))) };
}

function cureOf(known: Exclude<Known, FileType>, file: string): string {
  if ('cure' in known) return known.cure;
  const python = 'run' in known ? known.run : `import numpy, ${moduleOf(known.load)}; numpy.save("out.npy", ${known.load})`;
  return `convert it where you trust it, for example with Python: ${python.replaceAll('FILE', () => file).replace('import numpy, numpy;', 'import numpy;')}`;
}

/** `scipy.io` of `scipy.io.loadmat(FILE)`. */
function moduleOf(call: string): string {
  return call.slice(0, call.indexOf('(')).replace(/\.\w+$/, '');
}

function yamlName(file: string): string {
  const name = `./${path.basename(file)}`;
  return /^[\w./-]+$/.test(name) ? name : JSON.stringify(name);
}

/** UTF-8 without control characters; the end may cut a character. */
function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)) return false;
  const decoded = new TextDecoder().decode(head, { stream: true });
  return !decoded.includes('\ufffd');
}
