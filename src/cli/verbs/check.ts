import { GRAPH_FORMS, type GraphForm } from '../../report/runs/graph-forms.ts';
import { type Arguments, defineCommand, type ExitNow } from '../arguments/command.ts';
import { configFile } from '../arguments/config-file.ts';
import { FILE_AND_OVERRIDES, fileOf } from '../arguments/positionals.ts';
import { wordOf } from '../arguments/runs.ts';
import { WATCH_OPTION } from '../arguments/watch.ts';
import { Display } from '../terminal/display.ts';
import { showNotices } from '../terminal/notices.ts';
import type { Output } from '../terminal/output.ts';

interface CheckRequest {
  file: string;
  overrides: readonly string[];
  /** Show the graph of a step, and nothing else, in this form. */
  graph: GraphForm | undefined;
  /** Again whenever the file changes. */
  watch: boolean;
}

/** `gradloom check`. */
export const check = defineCommand<CheckRequest>({
  positionals: FILE_AND_OVERRIDES,
  describe: 'Validate an experiment, load its data and show what a run would do',
  options: {
    ...WATCH_OPTION,
    graph: { describe: 'show the ops that a step is made of, with the tensors that they read' },
    as: { value: 'FORM', values: GRAPH_FORMS, describe: `of the graph: ${GRAPH_FORMS.join(', ')}; default text` },
  },
  examples: [
    ['$0 check configs/seed.yaml', 'values and their origins, parameters, memory, batches'],
    ['$0 check configs/seed.yaml train.batch_size=256 --json', 'the same facts for programs'],
    ['$0 check configs/seed.yaml --graph --as mermaid', 'the ops of a step, for Mermaid to draw'],
  ],
  request: (args) => ({ ...fileOf(args), graph: graphForm(args), watch: args.flag('watch') }),
  run: checkOrWatch,
});

/** @throws GradloomError E_USAGE */
function graphForm(args: Arguments): GraphForm | undefined {
  if (args.flag('graph')) return wordOf(args, 'as', GRAPH_FORMS) ?? 'text';
  if (args.text('as') !== undefined) throw args.error('--as says how to show the graph; expected --graph with it');
  return undefined;
}

async function checkOrWatch(request: CheckRequest, output: Output, exitNow: ExitNow): Promise<number> {
  if (!request.watch) return runCheck(request, output);
  const file = await configFile(request.file, output);
  const { whenever } = await import('../views/watch.ts');
  return whenever(file, output, exitNow, () => runCheck({ ...request, file }, output));
}

async function runCheck(request: CheckRequest, output: Output): Promise<number> {
  const [{ loadExperiment }, { schemaNotice }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../config/text/modeline.ts'),
  ]);
  const file = await configFile(request.file, output);
  const loaded = loadExperiment(file, { overrides: request.overrides });
  const misled = schemaNotice(file);
  showNotices([...loaded.notices, ...(misled === undefined ? [] : [misled])], output);
  new Display(output).showReading();
  const { inspectExperiment } = await import('../../runs/prepare/inspect.ts');
  const inspection = await inspectExperiment(loaded);
  showNotices(inspection.notices, output);
  if (output.json) {
    const notices = [...loaded.notices, ...inspection.notices];
    output.object({ experiment: loaded.experiment, origins: Object.fromEntries(loaded.origins), ...inspection, notices });
    return 0;
  }
  if (request.graph !== undefined) {
    const { renderGraph } = await import('../../report/runs/graph.ts');
    output.result(renderGraph(inspection.graph, request.graph, output.look(output.resultStream).columns));
    return 0;
  }
  const { renderInspection } = await import('../../report/runs/inspection.ts');
  output.result(renderInspection(loaded, inspection, output.look(output.resultStream)));
  return 0;
}
