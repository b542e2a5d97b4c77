import { EXIT, GradloomError } from '../src/errors.ts';
import { packageVersion } from '../src/machine/version.ts';
import { internalError, renderError } from '../src/report/text/errors.ts';
import { painter } from '../src/report/text/paint.ts';

const COLUMNS = 100;

/** Runs a program of this folder: stdout gets what it returns, stderr its errors. */
export async function runProgram(main: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`${await main()}\n`);
    process.exitCode = EXIT.ok;
  } catch (cause) {
    const error = cause instanceof GradloomError ? cause : internalError(cause, packageVersion());
    process.stderr.write(`${renderError(error, { paint: painter(process.stderr), columns: COLUMNS })}\n`);
    process.exitCode = error.exitCode;
  }
}
