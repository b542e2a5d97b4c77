#!/usr/bin/env node
import { GradloomError } from '../errors.ts';
import { internalError } from '../report/errors.ts';
import { packageVersion } from '../runs/environment.ts';
import { columnsOf, Output } from './output.ts';
import { parseArguments } from './parse.ts';

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
  code = await parseArguments(argv, columnsOf(process.stdout)).run(output, (exitCode) => process.exit(exitCode));
} catch (error) {
  code = report(error);
}
try {
  await output.drain();
} catch (error) {
  code = report(error);
}
process.exit(code);

function report(error: unknown): number {
  const known = error instanceof GradloomError ? error : internalError(error, packageVersion());
  output.error(known);
  return known.exitCode;
}
