#!/usr/bin/env node
import { EXIT, GradloomError } from '../errors.ts';
import { internalError } from '../report/errors.ts';
import { packageVersion } from '../runs/environment.ts';
import { columnsOf, Output } from './output.ts';
import { parseArguments, type Request } from './parse.ts';

const argv = process.argv.slice(2);
const given = new Set(argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv);
if (given.has('--no-color') || process.env['NO_COLOR']) {
  // Node lets FORCE_COLOR win, and warns.
  process.env['NO_COLOR'] = '1';
  delete process.env['FORCE_COLOR'];
}
const output = new Output({ json: given.has('--json'), quiet: given.has('--quiet') || given.has('-q') });

// What nobody caught is a fault of ours: say so, and end all threads.
process.on('uncaughtException', (error) => process.exit(report(error)));

let code: number;
try {
  code = await run(parseArguments(argv, columnsOf(process.stdout)));
} catch (error) {
  code = report(error);
}
try {
  await output.drain();
} catch (error) {
  code = report(error);
}
process.exit(code);

/** One import per command, so that each starts as fast as it can. */
async function run(request: Request): Promise<number> {
  switch (request.verb) {
    case 'help':
      output.answer(request.text);
      return EXIT.ok;
    case 'train':
      return (await import('./train.ts')).trainCommand(request, output, (exitCode) => process.exit(exitCode));
    case 'check':
      return (await import('./check.ts')).checkCommand(request, output);
    case 'speedup':
      return (await import('./speedup.ts')).speedupCommand(request, output, (exitCode) => process.exit(exitCode));
    case 'schema':
      return (await import('./schema.ts')).schemaCommand(request.kind, output);
    case 'doctor':
      return (await import('./doctor.ts')).doctorCommand(output);
  }
}

function report(error: unknown): number {
  const known = error instanceof GradloomError ? error : internalError(error, packageVersion());
  output.error(known);
  return known.exitCode;
}
