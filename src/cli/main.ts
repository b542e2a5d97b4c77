#!/usr/bin/env node
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { keepCompiledCode } from '../machine/compiled.ts';
import { endProcess } from '../native/system/foreign.ts';

keepCompiledCode();

// One after the other, those that import nothing first: where the system opens hardly any files, what tells so must be there.
await import('../error-codes.ts');
const { GradloomError } = await import('../errors.ts');
const { packageVersion } = await import('../machine/version.ts');
await import('../machine/cgroup.ts');
await import('../machine/limits.ts');
const { refusalError } = await import('../machine/refusal.ts');
await import('../report/text/paint.ts');
const { internalError } = await import('../report/text/errors.ts');
await import('../storage/errno.ts');
const { columnsOf, Output } = await import('./terminal/output.ts');

/** Of stdin, stdout and stderr; a terminal that has gone is none any more. */
const isTerminal = [0, 1, 2].map((fd) => isatty(fd));
const argv = process.argv.slice(2);
const given = new Set(argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv);
if (given.has('--no-color') || process.env['NO_COLOR']) {
  // Node lets FORCE_COLOR win, and warns.
  process.env['NO_COLOR'] = '1';
  delete process.env['FORCE_COLOR'];
}
const output = new Output({ json: given.has('--json'), quiet: given.has('--quiet') || given.has('-q') });

// What nobody caught is a fault of ours: say so, and end all threads.
process.on('uncaughtException', (error) => exit(report(error)));

let code: number;
try {
  // A system that opens no more files refuses modules too, and that is to be told like any other fault.
  const { parseArguments } = await import('./parse.ts');
  code = await parseArguments(argv, columnsOf(process.stdout)).run(output, exitNow);
} catch (error) {
  code = report(error);
}
try {
  await output.drain();
} catch (error) {
  code = report(error);
}
try {
  code = (await output.atEnd?.(code)) ?? code;
} catch (error) {
  code = report(error);
}
exit(code);

/** At its exit Node sets terminals back as they were, and aborts where one has gone: of descriptors that are closed it lets go. */
function exit(exitCode: number): never {
  for (const fd of [0, 1, 2]) if (isTerminal[fd] === true && !isatty(fd)) closeSync(fd);
  process.exit(exitCode);
}

/** For who does not want to wait, not even for a product that is under way. */
function exitNow(exitCode: number): never {
  endProcess(exitCode);
  exit(exitCode);
}

function report(error: unknown): number {
  const refusal = refusalError(error);
  // Where the system opens no more files, it is not the fault of the one that was to be read.
  const isOurs = error instanceof GradloomError && !(error.code === 'E_DATA_READ' && refusal !== undefined);
  const known = isOurs ? error : (refusal ?? internalError(error, packageVersion()));
  output.error(known);
  return known.exitCode;
}
