import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Debian's python3-pil and python3-numpy belong to this one. */
const PYTHON = '/usr/bin/python3';

/** Whether Pillow and numpy are there. On a machine that checks changes they must be. */
export const hasPillow = spawnSync(PYTHON, ['-c', 'import numpy, PIL']).status === 0;
if (!hasPillow && process.env['CI']) throw new Error(`${PYTHON} with numpy and Pillow (apt-get install python3-numpy python3-pil)`);

/** A picture that Pillow has written, and what it reads from it: bytes [height, width, channels]. */
export interface WrittenPicture {
  name: string;
  width: number;
  height: number;
  file: Buffer;
  rgb: Buffer;
  grey: Buffer;
  /** Grey, resized to 9 x 13 (height x width). */
  small: Buffer;
  /** RGB, resized to 50 x 40. */
  large: Buffer;
}

/**
 * Writes a picture of every mode and kind, and beside it what Pillow makes of it: laid over white, as RGB, grey, and resized. Of 16 bits
 * Pillow keeps all in a mode of its own; the upper 8 are taken as for the others.
 */
const PROGRAM = `
import json, sys
import numpy as np
from PIL import Image
out, seed = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(seed)
cases = []

def wave(w, h, c):
    y, x = np.mgrid[0:h, 0:w]
    a = np.stack([127 + 100 * np.sin(x / (3 + i) + y / 7 + i) for i in range(c)], -1) + rng.normal(0, 12, (h, w, c))
    return np.clip(a, 0, 255).astype('uint8')

def over_white(im):
    if im.mode not in ('LA', 'RGBA') and 'transparency' not in im.info: return im.convert('RGB')
    im = im.convert('RGBA')
    white = Image.new('RGB', im.size, 'white')
    white.paste(im.convert('RGB'), mask=im.getchannel('A'))
    return white

def write(name, im, **options):
    im.save(f'{out}/{name}', **options)
    im = Image.open(f'{out}/{name}')
    im.load()
    rgb = over_white(im)
    grey = im.convert('L') if im.mode in ('L', '1') and 'transparency' not in im.info else rgb.convert('L')
    if im.mode.startswith('I'):
        grey = Image.fromarray((np.array(im).astype('int64') >> 8).astype('uint8'))
        rgb = grey.convert('RGB')
    np.array(rgb).tofile(f'{out}/{name}.rgb')
    np.array(grey).tofile(f'{out}/{name}.grey')
    np.array(grey.resize((13, 9), Image.BILINEAR)).tofile(f'{out}/{name}.small')
    np.array(rgb.resize((40, 50), Image.BILINEAR)).tofile(f'{out}/{name}.large')
    cases.append([name, im.width, im.height])

for w, h in [(1, 1), (2, 3), (7, 5), (17, 16), (33, 31), (64, 48), (3, 40)]:
    grey, rgb = Image.fromarray(wave(w, h, 1)[..., 0]), Image.fromarray(wave(w, h, 3))
    deep = Image.fromarray(wave(w, h, 1)[..., 0].astype('uint16') * 257 + rng.integers(0, 200, (h, w)).astype('uint16'))
    modes = dict(grey=grey, rgb=rgb, rgba=Image.fromarray(wave(w, h, 4)), greyalpha=Image.fromarray(wave(w, h, 2), 'LA'), grey16=deep,
        bit=grey.convert('1'), palette8=rgb.quantize(200), palette4=rgb.quantize(13), palette2=rgb.quantize(3), palette1=rgb.quantize(2))
    for kind, im in modes.items():
        write(f'{kind}-{w}x{h}.png', im)
    write(f'palette-clear-{w}x{h}.png', modes['palette4'], transparency=bytes([0, 100, 200]))
    write(f'grey-clear-{w}x{h}.png', grey, transparency=int(np.array(grey)[0, 0]))
    write(f'rgb-clear-{w}x{h}.png', rgb, transparency=tuple(int(v) for v in np.array(rgb)[0, 0]))
    for kind, im in dict(grey=grey, rgb=rgb, cmyk=rgb.convert('CMYK')).items():
        for quality in (30, 90):
            for progressive in (False, True):
                for subsampling in ((0, 1, 2) if kind != 'grey' else (0,)):
                    for restart in (0, 3):
                        options = dict(restart_marker_blocks=restart) if restart else {}
                        name = f'{kind}-{w}x{h}-{quality}-{"progressive" if progressive else "plain"}-{subsampling}-{restart}.jpg'
                        write(name, im, quality=quality, progressive=progressive, subsampling=subsampling, optimize=quality == 30, **options)
json.dump(cases, open(f'{out}/cases.json', 'w'))
`;

export function picturesByPillow(seed: number): WrittenPicture[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-pillow-'));
  try {
    execFileSync(PYTHON, ['-W', 'ignore', '-c', PROGRAM, folder, `${seed}`]);
    const read = (name: string): Buffer => readFileSync(path.join(folder, name));
    const cases = JSON.parse(read('cases.json').toString()) as [name: string, width: number, height: number][];
    return cases.map(([name, width, height]) => ({
      name,
      width,
      height,
      file: read(name),
      rgb: read(`${name}.rgb`),
      grey: read(`${name}.grey`),
      small: read(`${name}.small`),
      large: read(`${name}.large`),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether Pillow reads a file, and its RGB. */
export function readByPillow(file: Uint8Array): Buffer {
  const program =
    'import io, sys; from PIL import Image; i = Image.open(io.BytesIO(sys.stdin.buffer.read())); sys.stdout.buffer.write(i.convert("RGB").tobytes())';
  return execFileSync(PYTHON, ['-c', program], { input: file });
}
