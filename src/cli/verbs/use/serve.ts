import { printable } from '../../../errors.ts';
import { type Arguments, defineCommand, type ExitNow } from '../../arguments/command.ts';
import { loadNamed, MODEL_OPTIONS, MODEL_WORDS, type ModelRequest, modelOf } from '../../arguments/model.ts';
import { Display } from '../../terminal/display.ts';
import type { Output } from '../../terminal/output.ts';
import { stoppable } from '../../terminal/signals.ts';

interface ServeRequest {
  model: ModelRequest;
  port: number;
  host: string | undefined;
  token: string | undefined;
}

/** `gradloom serve`. */
export const serve = defineCommand<ServeRequest>({
  positionals: MODEL_WORDS,
  describe: 'Serve a trained model over HTTP: POST /predict, GET /health, GET /schema',
  options: {
    port: { value: 'N', describe: 'port; 0 takes one that is free' },
    host: { value: 'HOST', describe: 'address to listen on; default 127.0.0.1, any other needs --token' },
    token: { value: 'TOKEN', describe: 'asked for in Authorization: Bearer TOKEN' },
    ...MODEL_OPTIONS,
  },
  examples: [
    ['$0 serve @last --port 8080', 'on this machine only'],
    [`curl -d '{"rows": [[5.1, 3.5, 1.4, 0.2]]}' http://127.0.0.1:8080/predict`, 'a row'],
  ],
  request: (args) => ({ model: modelOf(args), port: portOf(args), host: args.text('host'), token: args.text('token') }),
  run: runServe,
});

function portOf(args: Arguments): number {
  const text = args.text('port');
  if (text === undefined) throw args.error('--port is missing; expected --port N, or --port 0 for one that is free');
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw args.error(`--port: expected a number from 0 to 65535; got ${printable(text)}`);
  return Number(text);
}

async function runServe({ model: request, ...options }: ServeRequest, output: Output, exitNow: ExitNow): Promise<number> {
  const display = new Display(output);
  return stoppable({ display, onFirst: 'finishing what is under way; once more to stop at once', exitNow }, async ({ signal }) => {
    const model = await loadNamed(request);
    const { serveModel } = await import('../../../serve/serve.ts');
    const serving = await serveModel(model, options);
    if (output.json) output.object({ url: serving.url, port: serving.port, pid: process.pid, model: model.origin });
    else output.result(`serving ${printable(model.origin.run ?? model.origin.path)} at ${serving.url}`);
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await serving.close();
    return 0;
  });
}
