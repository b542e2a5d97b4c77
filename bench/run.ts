/** `npm run bench -- --help` */
import { readFileSync } from 'node:fs';
import { GradloomError } from '../src/errors.ts';
import { markdownTable } from '../src/report/text/markdown.ts';
import { unpainted } from '../src/report/text/paint.ts';
import { renderTable } from '../src/report/text/table.ts';
import { writeFileAtomic } from '../src/storage/atomic.ts';
import { convolutionSection } from './convolutions.ts';
import { type BenchResult, compareRuns, differencesOf, type Section } from './figures.ts';
import { kernelSection, tileRate } from './kernels.ts';
import { describeMachine } from './machine.ts';
import { BENCH_HELP, type BenchOptions, type Format, parseBenchOptions, type Question } from './options.ts';
import { oversubscriptionSection } from './oversubscription.ts';
import { runProgram } from './program.ts';
import { queueSection } from './queue.ts';
import { changeCells, contextLine, sectionCells } from './show.ts';
import { smallBatchSection } from './small-batches.ts';
import { startSections } from './start.ts';
import { stepSection } from './step.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

await runProgram(async () => {
  const options = parseBenchOptions(process.argv.slice(2));
  if (options === undefined) return BENCH_HELP;
  // Read before an hour is spent.
  const saved = options.compare === undefined ? undefined : readSaved(options.compare);
  const result: BenchResult = {
    version: 1,
    date: new Date().toISOString(),
    machine: describeMachine(),
    overrides: options.overrides,
    rounds: options.rounds,
    sections: await answer(options),
  };
  if (options.save !== undefined) await writeFileAtomic(options.save, `${JSON.stringify(result, null, 1)}\n`);
  return render(result, saved, options.format);
});

async function answer(options: BenchOptions): Promise<Section[]> {
  const matches = (name: string): boolean => name.includes(options.only);
  const answers: Record<Question, (w2: Workload) => Section[] | Promise<Section[]>> = {
    step: async () => [
      await stepSection(
        WORKLOADS.filter(({ name }) => matches(name)),
        options,
      ),
    ],
    'small-batches': async () => [await smallBatchSection(options)],
    oversubscription: async (w2) => [await oversubscriptionSection(w2, options)],
    start: (w2) => startSections(w2, options),
    queue: () => queueSection(options),
    kernels: async () => [await kernelSection(options.rounds, matches), convolutionSection(options.rounds, matches)],
  };
  const w2 = WORKLOADS.find(({ name }) => name.startsWith('W2'));
  if (w2 === undefined) throw new RangeError('there is always a W2');
  tileRate(200);
  const sections: Section[] = [];
  for (const question of options.questions) {
    process.stderr.write(`${question}\n`);
    sections.push(...(await answers[question](w2)));
  }
  return sections.filter(({ rows }) => rows.length > 0);
}

function readSaved(file: string): BenchResult {
  try {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as Partial<BenchResult>;
    if (saved.version === 1 && Array.isArray(saved.sections)) return saved as BenchResult;
  } catch (cause) {
    const message = `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new GradloomError({ code: 'E_USAGE', where: file, message, next: 'give a file that --save wrote', cause });
  }
  throw new GradloomError({ code: 'E_USAGE', where: file, message: 'not a file that --save wrote' });
}

function render(result: BenchResult, saved: BenchResult | undefined, format: Format): string {
  const changes = saved === undefined ? undefined : compareRuns(saved, result);
  if (format === 'json') return JSON.stringify({ ...result, ...(changes && { changes }) });
  const tables = result.sections.map((section) => ({ title: section.title, cells: sectionCells(section) }));
  const notes = saved === undefined ? [] : differencesOf(saved, result);
  if (changes !== undefined) tables.push({ title: `Against the run of ${saved?.date.slice(0, 10)}`, cells: changeCells(changes) });
  if (format === 'md') {
    const parts = tables.map(({ title, cells }) => `### ${title}\n\n${markdownTable(cells)}`);
    return [...parts, ...notes.map((note) => `- ${note}`), `${contextLine(result)}.`].join('\n\n');
  }
  const parts = tables.map(({ title, cells }) => {
    const align = cells.head.map((name, i) => (i === 0 || name === '' ? 'left' : 'right'));
    return `${title}\n${renderTable({ ...cells, align }, { boxed: false, paint: unpainted })}`;
  });
  return [...parts, ...notes, contextLine(result)].join('\n\n');
}
