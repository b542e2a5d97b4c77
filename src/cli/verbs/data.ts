import { GradloomError } from '../../errors.ts';
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

/** `gradloom data`. */
export const data = defineCommand<DataRequest>({
  positionals: {
    ...FILE_AND_OVERRIDES,
    describe: { ...FILE_AND_OVERRIDES.describe, file: 'a table (CSV, TSV, Parquet), arrays (npy, npz, IDX) or an experiment (YAML)' },
  },
  describe: "Show what a file's or an experiment's data holds: columns, ranges, missing values, classes, leakage",
  options: {
    head: { value: 'N', describe: 'also show the first N rows, of pictures N drawn with letters' },
    html: { value: 'FILE', describe: 'write a page with histograms and samples' },
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
  return /\.ya?ml$/i.test(request.file) ? await experimentData(request, output) : await fileData(request, output);
}

async function fileData(request: DataRequest, output: Output): Promise<number> {
  const [{ formatOf }, { isArrayFile }] = await Promise.all([
    import('../../data/files/formats.ts'),
    import('../../data/profile/arrays.ts'),
  ]);
  const type = (await formatOf(request.file))?.type;
  return isArrayFile(type) ? await arrayData(request, type, output) : await tableData(request, output);
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
  const { profileTable } = await import('../../data/profile/table.ts');
  const profile = await profileTable(file, Math.max(head, html === undefined ? 0 : PAGE_ROWS));
  if (html !== undefined) {
    const { tablePage } = await import('../../report/data/html.ts');
    await writePage(html, tablePage(profile));
  }
  if (output.json) {
    output.object({ ...profile, head: profile.head.slice(0, head) });
    return 0;
  }
  const { renderTableProfile } = await import('../../report/data/profile.ts');
  output.answer(renderTableProfile(profile, head, output.look(output.resultStream)));
  return 0;
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
  if (html !== undefined) {
    const { datasetPage } = await import('../../report/data/html.ts');
    const { features, featureCount, splits } = dataset;
    const rows = [...splits.train.subarray(0, PAGE_ROWS)];
    await writePage(
      html,
      datasetPage(profile, (feature) => rows.map((row) => features[row * featureCount + feature] as number)),
    );
  }
  if (output.json) {
    output.object(profile);
    return 0;
  }
  const [{ renderDatasetProfile }, { drawPictures }] = await Promise.all([
    import('../../report/data/profile.ts'),
    import('../../report/data/pictures.ts'),
  ]);
  output.answer(renderDatasetProfile(profile, drawPictures(dataset, head), output.look(output.resultStream)));
  return 0;
}

async function writePage(file: string, page: string): Promise<void> {
  const { writeOutput } = await import('../../storage/atomic.ts');
  await writeOutput(file, page);
}
