import { readFileSync, writeFileSync } from 'node:fs';
import { parseArguments } from '../../../src/cli/parse.ts';
import { Output } from '../../../src/cli/terminal/output.ts';
import { GradloomError } from '../../../src/errors.ts';
import { errorObject, renderError } from '../../../src/report/text/errors.ts';

/** What a verb did. */
export interface Answer {
  /** As main.ts would exit with; 70 for what nobody expected. */
  code: number;
  text: string;
  /** Peak since the verb began; undefined where the system does not tell. */
  bytes: number | undefined;
}

// Runs verbs of the command line one after the other, as main.ts does, without a new process for each.
let told = '';
const take = (chunk: string | Uint8Array): boolean => {
  told += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  return true;
};
process.stdout.write = take;
process.stderr.write = take;
let isDone = (_code: number): void => undefined;
process.on('uncaughtException', (error) => isDone(report(error)));
process.on('message', (argv: string[]) => void answer(argv));

async function answer(argv: string[]): Promise<void> {
  told = '';
  resetPeak();
  const output = new Output({ json: argv.includes('--json'), quiet: false });
  const broken = new Promise<number>((resolve) => (isDone = resolve));
  let code: number;
  try {
    code = await Promise.race([parseArguments(argv).run(output, isDone), broken]);
  } catch (error) {
    code = report(error);
  }
  process.send?.({ code, text: told, bytes: peak() } satisfies Answer);
}

function report(error: unknown): number {
  if (error instanceof GradloomError) {
    told += `${renderError(error, { paint: (_, text) => text, columns: 100 })}\n${JSON.stringify(errorObject(error))}`;
    return error.exitCode;
  }
  told += error instanceof Error ? (error.stack ?? error.message) : String(error);
  return 70;
}

function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not allowed: the peak of the whole process then.
  }
}

function peak(): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
