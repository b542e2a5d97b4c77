import path from 'node:path';
import type { SourceConfig } from '../../config/schema/schema.ts';
import { openContent, readHead } from '../../data/files/content.ts';
import { type FileFormat, formatOf, HEAD_BYTES } from '../../data/files/formats.ts';
import { isDirectory } from '../../data/files/paths.ts';
import { GradloomError, printable } from '../../errors.ts';
import type { LoadedModel } from '../model/parse.ts';

const YAML_NAME = /\.ya?ml$/i;
const TABLE_NAME = /\.(?:csv|tsv)(?:\.gz)?$/i;
/** How a YAML file begins a line that says where rows come from. */
const YAML_KEY = /^["']?(?:source|data)["']?\s*:/m;

/**
 * The source of a run with a file in place of its own, where that is of the type that the run was trained on: told by its content, as
 * `predict` does.
 *
 * @returns undefined for a YAML file, which says for itself
 * @throws GradloomError E_DATA_READ; E_DATA_MAGIC, with what to write, where the type is another or needs more than a path
 */
export async function bareSource(model: LoadedModel, file: string): Promise<SourceConfig | undefined> {
  if (YAML_NAME.test(file)) return undefined;
  const format = await formatOf(file);
  if (!TABLE_NAME.test(file) && !isDirectory(file) && YAML_KEY.test(await headOf(file))) return undefined;
  const own = model.experiment?.data.source;
  const source = own === undefined ? undefined : withPath(own, format, path.resolve(file));
  if (source !== undefined) return source;
  throw refused(file, format, own?.type);
}

async function headOf(file: string): Promise<string> {
  return Buffer.from(await readHead(await openContent(file), HEAD_BYTES)).toString('latin1');
}

/** The same options, and nothing of separate sets: all rows of the file are evaluated. */
function withPath(own: SourceConfig, format: FileFormat | undefined, file: string): SourceConfig | undefined {
  // A table of one column looks like nothing else.
  const type = format?.type ?? (format === undefined || format.name === 'text' ? 'csv' : undefined);
  if (own.type !== type) return undefined;
  if (own.type === 'csv' || own.type === 'parquet' || own.type === 'images')
    return { ...own, path: file, val_path: undefined, test_path: undefined };
  if (own.type === 'npz') return { ...own, path: file, val_x: undefined, val_y: undefined, test_x: undefined, test_y: undefined };
  return undefined;
}

function refused(file: string, format: FileFormat | undefined, own: SourceConfig['type'] | undefined): GradloomError {
  const found = format === undefined ? 'not a format that is known' : `this is ${format.name}`;
  const wanted =
    own === undefined
      ? 'a model without its run takes a YAML file that says where rows come from'
      : `a run trained on \`type: ${own}\` takes a file of that type, or a YAML file that says where rows come from`;
  const form =
    format?.type === undefined
      ? (format?.cure ?? 'write a YAML file: source: {type: ..., ...}')
      : `write ${format.cure} into a YAML file and name that`;
  return new GradloomError({
    code: 'E_DATA_MAGIC',
    where: printable(file),
    message: `${found}; ${wanted}`,
    next: printable(form, 1000),
  });
}
