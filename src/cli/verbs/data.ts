import { existsSync } from 'node:fs';
import { GradloomError, printable } from '../../errors.ts';
import type { TableLook } from '../../report/text/table.ts';
import { defineCommand } from '../arguments/command.ts';
import { configFile } from '../arguments/config-file.ts';
import { FILE_AND_OVERRIDES, fileOf } from '../arguments/positionals.ts';
import { countOf } from '../arguments/runs.ts';
import { Display } from '../terminal/display.ts';
import type { Output } from '../terminal/output.ts';

interface DataRequest {
  file: string;
  overrides: readonly string[];
  head: number;
  html: string | undefined;
}

/** Rows that histograms of a page are drawn from. */
const PAGE_ROWS = 10_000;
/** Pictures of a class on a page. */
const PAGE_PICTURES = 8;

/** `gradloom data`. */
export const data = defineCommand<DataRequest>({
  positionals: {
    ...FILE_AND_OVERRIDES,
    describe: {
      ...FILE_AND_OVERRIDES.describe,
      file: 'a table (CSV, TSV, Parquet), arrays (npy, npz, IDX), a folder with a folder of pictures for each class, or an experiment (YAML)',
    },
  },
  describe: "Show what a file's or an experiment's data holds: columns, ranges, missing values, classes, leakage",
  options: {
    head: { value: 'N', describe: 'also show the first N rows, of pictures N drawn with letters' },
    html: { value: 'FILE', describe: 'write a page with histograms and samples; of pictures some of each class' },
  },
  examples: [
    ['$0 data iris.csv', 'columns with their types, ranges and missing values'],
    ['$0 data configs/seed.yaml --head 3', 'splits, classes, and the first pictures'],
  ],
  request: (args) => ({ ...fileOf(args), head: countOf(args, 'head') ?? 0, html: args.text('html') }),
  run: dataCommand,
});

async function dataCommand(request: DataRequest, output: Output): Promise<number> {
  new Display(output).showReading();
  const { bundledConfig } = await import('../../config/text/bundled.ts');
  const isExperiment = /\.ya?ml$/i.test(request.file) || (!existsSync(request.file) && bundledConfig(request.file) !== undefined);
  return isExperiment ? await experimentData(request, output) : await fileData(request, output);
}

async function fileData(request: DataRequest, output: Output): Promise<number> {
  const [{ formatOf }, { isArrayFile }] = await Promise.all([
    import('../../data/files/formats.ts'),
    import('../../data/profile/arrays.ts'),
  ]);
  const type = (await formatOf(request.file))?.type;
  if (isArrayFile(type)) return await arrayData(request, type, output);
  const { isDirectory } = await import('../../data/files/paths.ts');
  return isDirectory(request.file) ? await folderData(request, output) : await tableData(request, output);
}

async function folderData({ file, head, html }: DataRequest, output: Output): Promise<number> {
  const [{ profilePictures }, { picturesPage, renderPicturesProfile }] = await Promise.all([
    import('../../data/profile/pictures.ts'),
    import('../../report/data/folder.ts'),
  ]);
  const { profile, shown } = profilePictures(file, Math.max(head, html === undefined ? 0 : PAGE_PICTURES));
  const page = html === undefined ? undefined : picturesPage(profile, shown);
  return await answer({ html, page, object: profile, text: (look) => renderPicturesProfile(profile, shown.slice(0, head), look) }, output);
}

interface Answer {
  html: string | undefined;
  page: string | undefined;
  object: object;
  text: (look: TableLook) => string;
}

/** Shows what was found, once its page is written. */
async function answer({ html, page, object, text }: Answer, output: Output): Promise<number> {
  if (html !== undefined && page !== undefined) await writePage(html, page);
  if (output.json) {
    output.object(object);
    return 0;
  }
  output.answer(text(output.look(output.resultStream)));
  if (html !== undefined) output.result(`saved  ${printable(html, Number.POSITIVE_INFINITY)}`);
  return 0;
}

async function arrayData({ file, head, html }: DataRequest, type: 'npy' | 'npz' | 'idx', output: Output): Promise<number> {
  if (html !== undefined) {
    throw new GradloomError({
      code: 'E_USAGE',
      message: '--html: a page is made of a table or an experiment, and this is a file of arrays',
      next: 'name an experiment (YAML) that reads it',
    });
  }
  const { profileArrays } = await import('../../data/profile/arrays.ts');
  const profile = await profileArrays(file, type, head);
  if (output.json) {
    output.object(profile);
    return 0;
  }
  const { renderArraysProfile } = await import('../../report/data/arrays.ts');
  output.answer(renderArraysProfile(profile, output.look(output.resultStream)));
  return 0;
}

async function tableData({ file, head, html }: DataRequest, output: Output): Promise<number> {
  const [{ profileTable }, { renderTableProfile }, { tablePage }] = await Promise.all([
    import('../../data/profile/table.ts'),
    import('../../report/data/profile.ts'),
    import('../../report/data/html.ts'),
  ]);
  const profile = await profileTable(file, Math.max(head, html === undefined ? 0 : PAGE_ROWS));
  const page = html === undefined ? undefined : tablePage(profile);
  const object = { ...profile, head: profile.head.slice(0, head) };
  return await answer({ html, page, object, text: (look) => renderTableProfile(profile, head, look) }, output);
}

async function experimentData({ file, overrides, head, html }: DataRequest, output: Output): Promise<number> {
  const [{ loadExperiment }, { datasetOf, foldsIn, loadSamples }, { profileDataset }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../data/load.ts'),
    import('../../data/profile/dataset.ts'),
  ]);
  const { experiment } = loadExperiment(await configFile(file, output), { overrides });
  const { data: config } = experiment;
  const { folds, fold } = config.split;
  const samples = await loadSamples(experiment);
  // All folds have the same rows; what is fitted on the training rows is shown as of the first.
  const isWhole = folds === undefined || fold !== undefined;
  const dataset = datasetOf(samples, isWhole ? experiment : { ...experiment, data: { ...config, split: { ...config.split, fold: 0 } } });
  const profile = profileDataset(dataset, isWhole ? undefined : foldsIn(samples, experiment, folds));
  const [{ renderDatasetProfile }, { drawPictures }, { datasetPage }, { sampleGroups }] = await Promise.all([
    import('../../report/data/profile.ts'),
    import('../../report/data/pictures.ts'),
    import('../../report/data/html.ts'),
    import('../../report/data/samples.ts'),
  ]);
  const { features, featureCount, splits } = dataset;
  const rows = [...splits.train.subarray(0, PAGE_ROWS)];
  const valuesOf = (feature: number): number[] => rows.map((row) => features[row * featureCount + feature] as number);
  const page = html === undefined ? undefined : datasetPage(profile, sampleGroups(dataset), valuesOf);
  return await answer(
    { html, page, object: profile, text: (look) => renderDatasetProfile(profile, drawPictures(dataset, head), look) },
    output,
  );
}

async function writePage(file: string, page: string): Promise<void> {
  const { writeOutput } = await import('../../storage/atomic.ts');
  await writeOutput(file, page);
}
