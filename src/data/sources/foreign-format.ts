import path from 'node:path';

/** A file of another format than the one asked for. */
export interface ForeignFormat {
  /** With its article: `a NumPy array (.npy)`. */
  name: string;
  /** What to do with it. */
  cure: string;
}

/** Bytes of the start of a file that are enough to tell its format: a tar archive's mark is the last, at 257. */
export const HEAD_BYTES = 512;

type Signature = [mark: string, name: string, load: string | { cure: string }];

const PICTURE = 'numpy.stack([numpy.array(PIL.Image.open(p).convert("L")) for p in paths])';
const DECOMPRESS = { cure: 'decompress it; of compressed files only gzip is read' };

/** What files begin with, each byte as a character. */
const SIGNATURES: readonly Signature[] = [
  ['\x93NUMPY', 'a NumPy array (.npy)', 'numpy.load(FILE)'],
  ['\x89PNG\r\n', 'a PNG picture', PICTURE],
  ['\xff\xd8\xff', 'a JPEG picture', PICTURE],
  ['GIF8', 'a GIF picture', PICTURE],
  ['BM', 'a BMP picture', PICTURE],
  ['II*\0', 'a TIFF picture', PICTURE],
  ['MM\0*', 'a TIFF picture', PICTURE],
  ['PAR1', 'a Parquet table', 'pandas.read_parquet(FILE).to_numpy()'],
  ['ARROW1', 'an Arrow table', 'pandas.read_feather(FILE).to_numpy()'],
  ['\x89HDF\r\n\x1a\n', 'an HDF5 file', 'h5py.File(FILE)["NAME"][:]'],
  ['MATLAB 5.0', 'a MATLAB file (.mat)', 'scipy.io.loadmat(FILE)["NAME"]'],
  ['SQLite format 3\0', 'an SQLite database', { cure: 'export the samples as uint8 in IDX format' }],
  ['PK\x05\x06', 'an empty zip archive', { cure: 'get the file again' }],
  ['BZh', 'a file compressed by bzip2', DECOMPRESS],
  ['\xfd7zXZ\0', 'a file compressed by xz', DECOMPRESS],
  ['\x28\xb5\x2f\xfd', 'a file compressed by zstd', DECOMPRESS],
  ['\x04\x22\x4d\x18', 'a file compressed by lz4', DECOMPRESS],
  ['\x1f\x9d', 'a file compressed by compress', DECOMPRESS],
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive', { cure: 'unpack it, and name the file inside' }],
  ['Rar!', 'a RAR archive', { cure: 'unpack it, and name the file inside' }],
  ['%PDF', 'a PDF document', { cure: 'name an IDX file' }],
];

/** What texts begin with. */
const TEXTS: readonly [pattern: RegExp, name: string, load: string | { cure: string }][] = [
  [/^version https:\/\/git-lfs/, 'a pointer of Git LFS, not the file itself', { cure: 'git lfs pull' }],
  [/^\s*<(?:!doctype|html|\?xml)/i, 'a web page or XML', { cure: 'get the file again: the server sent a page in its place' }],
  [/^\s*[[{]/, 'JSON', 'numpy.array(json.load(open(FILE)))'],
  [/^@relation/i, 'an ARFF table', 'numpy.array(scipy.io.arff.loadarff(FILE)[0].tolist())'],
  [/^[^\n]*,/, 'text (CSV)', 'numpy.loadtxt(FILE, delimiter=",")'],
  [/^[^\n]*;/, 'text (CSV with semicolons)', 'numpy.loadtxt(FILE, delimiter=";")'],
  [/^[^\n]*\t/, 'text (TSV)', 'numpy.loadtxt(FILE, delimiter="\\t")'],
  [/^/, 'text', 'numpy.loadtxt(FILE)'],
];

/**
 * The format of a file that is not IDX, told by its first bytes; undefined for one that is not known.
 *
 * @param head  the first bytes, decompressed, up to HEAD_BYTES of them
 */
export function foreignFormat(head: Uint8Array, file: string): ForeignFormat | undefined {
  const start = Buffer.from(head).toString('latin1');
  const signature = SIGNATURES.find(([mark]) => start.startsWith(mark));
  if (signature !== undefined) return formatOf(signature[1], signature[2], file);
  if (start.startsWith('PK\x03\x04')) return zipOf(start, file);
  if (/^RIFF[\s\S]{4}WEBP/.test(start)) return formatOf('a WebP picture', PICTURE, file);
  if (head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5)
    return formatOf('a Python pickle', 'numpy.array(pickle.load(open(FILE, "rb")))', file);
  if (start.slice(257, 262) === 'ustar') return { name: 'a tar archive', cure: 'unpack it, and name the file inside' };
  if (/^[\s\S]{8}\{"/.test(start)) return formatOf('a safetensors file', 'safetensors.numpy.load_file(FILE)["NAME"]', file);
  const text = TEXTS.find(([pattern]) => isText(head) && pattern.test(start.replace(/^\xef\xbb\xbf/, '')));
  return text === undefined ? undefined : formatOf(text[1], text[2], file);
}

/** A zip archive by the name of its first entry. */
function zipOf(start: string, file: string): ForeignFormat {
  const entry = start.slice(30, 30 + start.charCodeAt(26) + 256 * start.charCodeAt(27));
  if (entry.endsWith('.npy')) return formatOf('a NumPy archive (.npz)', `numpy.load(FILE)[${JSON.stringify(entry.slice(0, -4))}]`, file);
  if (/(?:^|\/)data\.pkl$|\/\.format_version$|\/byteorder$/.test(entry))
    return formatOf('a PyTorch file', 'torch.load(FILE).numpy()', file);
  if (entry === '[Content_Types].xml' || entry.startsWith('xl/'))
    return formatOf('an Excel workbook', 'pandas.read_excel(FILE).to_numpy()', file);
  return { name: 'a zip archive', cure: 'unpack it, and name the file inside' };
}

function formatOf(name: string, load: string | { cure: string }, file: string): ForeignFormat {
  if (typeof load !== 'string') return { name, cure: load.cure };
  const source = load.replace('FILE', () => JSON.stringify(path.basename(file)));
  const write = `open("out.idx", "wb").write(struct.pack(f">HBB{a.ndim}I", 0, 8, a.ndim, *a.shape) + a.astype("uint8").tobytes())`;
  return {
    name,
    cure: `convert it to whole numbers from 0 to 255, for example with Python: import numpy, struct; a = ${source}; ${write}`,
  };
}

/** UTF-8 without control characters; the end may cut a character. */
function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)) return false;
  const decoded = new TextDecoder().decode(head, { stream: true });
  return !decoded.includes('\ufffd');
}
