import { GradloomError } from '../../errors.ts';
import { tellReading } from '../files/reading.ts';
import { listClasses } from '../images/folder.ts';
import { type Picture, PictureError } from '../images/picture/picture.ts';
import { resize } from '../images/picture/resize.ts';
import { pictureIn } from '../images/read.ts';

/** What a folder with a folder for each class holds. */
export interface PicturesProfile {
  path: string;
  /** Pictures that can be read. */
  rows: number;
  classes: { name: string; count: number; unreadable: number }[];
  /** The most frequent first. */
  sizes: { height: number; width: number; count: number }[];
  /** How many pictures are grey, and how many have colours. */
  channels: { grey: number; rgb: number };
  unreadable: { path: string; message: string }[];
  /** As a data set holds them, in colours; undefined where they have several sizes. */
  memory_bytes?: number;
}

/** A picture as it is shown: at most SHOWN_SIDE high and wide. */
export interface Thumbnail {
  path: string;
  class: string;
  picture: Picture;
}

const SHOWN_SIDE = 64;

/**
 * Looks through all pictures of a folder, one at a time. Those that cannot be read are counted and named.
 *
 * @param shownOfClass  how many of each class are kept to be shown
 * @throws GradloomError E_DATA_READ, E_DATA_EMPTY, E_DATA_MISMATCH of folders that are no classes
 */
export function profilePictures(path: string, shownOfClass: number): { profile: PicturesProfile; shown: Thumbnail[] } {
  const { classes: names, files } = listClasses(path);
  const classes = names.map((name) => ({ name, count: 0, unreadable: 0 }));
  const sizes = new Map<string, PicturesProfile['sizes'][number]>();
  const channels = { grey: 0, rgb: 0 };
  const unreadable: PicturesProfile['unreadable'] = [];
  const shown: Thumbnail[] = [];
  for (const [i, { path: file, label }] of files.entries()) {
    const own = classes[label] as (typeof classes)[number];
    const picture = decoded(file);
    tellReading(path, i + 1, files.length);
    if (typeof picture === 'string') {
      own.unreadable++;
      unreadable.push({ path: file, message: picture });
      continue;
    }
    const { height, width } = picture;
    const size = sizes.get(`${height} ${width}`) ?? { height, width, count: 0 };
    size.count++;
    sizes.set(`${height} ${width}`, size);
    channels[picture.channels === 1 ? 'grey' : 'rgb']++;
    if (own.count < shownOfClass) shown.push({ path: file, class: own.name, picture: thumbnail(picture) });
    own.count++;
  }
  const rows = files.length - unreadable.length;
  const bySize = [...sizes.values()].toSorted((a, b) => b.count - a.count || a.height - b.height || a.width - b.width);
  const [first] = bySize;
  const memory = bySize.length === 1 && first !== undefined ? { memory_bytes: rows * 3 * first.height * first.width } : {};
  return { profile: { path, rows, classes, sizes: bySize, channels, unreadable, ...memory }, shown };
}

/** @returns why it cannot be read, in place of the picture */
function decoded(file: string): Picture | string {
  try {
    return pictureIn(file);
  } catch (error) {
    if (error instanceof PictureError || error instanceof GradloomError) return error.message;
    throw error;
  }
}

function thumbnail(picture: Picture): Picture {
  const scale = SHOWN_SIDE / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  return resize(picture, Math.max(1, Math.round(scale * picture.width)), Math.max(1, Math.round(scale * picture.height)));
}
