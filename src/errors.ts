import { ERROR_CODES, type ErrorCode, EXIT } from './error-codes.ts';

export { type ErrorCode, EXIT } from './error-codes.ts';

/**
 * Whose fault an error is: the machine's (storage, memory, threads, descriptors, a lock), that of the configuration or of its data, or
 * gradloom's own. What the machine causes says nothing about an experiment: it is worth another try once the cause is mended.
 */
export type Blame = 'machine' | 'configuration' | 'data' | 'gradloom';

const BLAME_OF_EXIT: Readonly<Record<number, Blame>> = {
  [EXIT.usage]: 'configuration',
  [EXIT.data]: 'data',
  [EXIT.unavailable]: 'machine',
  [EXIT.storage]: 'machine',
  [EXIT.busy]: 'machine',
  [EXIT.config]: 'configuration',
  [EXIT.diverged]: 'configuration',
  [EXIT.trials]: 'configuration',
};

/** Codes of Node and of the operating system that tell of the machine, whatever was being done; a missing file is not among them. */
const MACHINE_CODES: ReadonlySet<unknown> = new Set(
  (
    'EACCES EPERM EROFS ENOSPC EDQUOT EFBIG EIO ENXIO ENODEV ESTALE ETIMEDOUT EBUSY ETXTBSY EMFILE ENFILE ENOMEM EAGAIN ENOBUFS ENOLCK ' +
    'ENOTCONN EHOSTDOWN EREMOTEIO ERR_WORKER_INIT_FAILED ERR_WORKER_OUT_OF_MEMORY ERR_MEMORY_ALLOCATION_FAILED'
  ).split(' '),
);
/** A cause of a cause of a cause: no error of ours goes deeper, and a circle must end. */
const MAX_CAUSES = 8;

/** What a `GradloomError` is made of. */
export interface ErrorDetails {
  code: ErrorCode;
  /** What is wrong, in lower case, with the value as given and what was expected. */
  message: string;
  /** What belongs to the message, a line each; a message itself is one line. */
  lines?: readonly string[] | undefined;
  /** The place: `file:line:column`, a path, a key, or `worker 2 step 17`. */
  where?: string | undefined;
  /** Source lines around the place, with a caret. */
  frame?: string | undefined;
  /** What is safe after the failure. */
  kept?: string | undefined;
  /** The command to type or the change to make. */
  next?: string | undefined;
  cause?: unknown;
}

/**
 * The one error type that gradloom throws for anything a user, a file or a machine can cause.
 *
 * @example
 * try {
 *   await loadModel('runs/gone');
 * } catch (error) {
 *   if (error instanceof GradloomError) console.error(error.code, error.where, error.message, error.next);
 * }
 */
export class GradloomError extends Error {
  override readonly name = 'GradloomError';
  readonly code: ErrorCode;
  readonly lines: readonly string[] | undefined;
  readonly where: string | undefined;
  readonly frame: string | undefined;
  readonly kept: string | undefined;
  readonly next: string | undefined;
  /** All problems found in one go (a config file's); the first of them is this error itself. */
  readonly problems: readonly ErrorDetails[];

  constructor(details: ErrorDetails, problems: readonly ErrorDetails[] = [details]) {
    const text = [details.message, ...(details.lines ?? []).map((line) => `  ${line}`)].join('\n');
    super(text, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.lines = details.lines;
    this.where = details.where;
    this.frame = details.frame;
    this.kept = details.kept;
    this.next = details.next;
    this.problems = problems;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }

  /** The machine's where the operating system said so, as for a data file that is there and cannot be read; otherwise that of the code. */
  get blame(): Blame {
    // Threads that are only late, and have not failed, wait for the machine.
    const isLate = this.code === 'E_POOL_START' && this.cause === undefined;
    return isLate || isOfMachine(this) ? 'machine' : (BLAME_OF_EXIT[this.exitCode] ?? 'gradloom');
  }
}

/**
 * Whether something that was thrown is an error of gradloom and, if codes are named, one of these: its type then knows its code. It also
 * knows those of another copy of this package, as of a bundle, of which `instanceof` does not.
 *
 * @example
 * try {
 *   loadExperiment('configs/iris.yaml', { overrides: ['seed=-1'] });
 * } catch (error) {
 *   if (!isGradloomError(error, 'E_CONFIG_RANGE', 'E_CONFIG_VALUE')) throw error;
 *   console.log(error.code, error.where, error.next);
 * }
 */
export function isGradloomError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly C[]
): error is GradloomError & { readonly code: C } {
  if (!(error instanceof Error) || error.name !== 'GradloomError' || !('code' in error)) return false;
  const { code } = error;
  return codes.length === 0 ? Object.hasOwn(ERROR_CODES, String(code)) : codes.some((one) => one === code);
}

/** Whether anything among an error and its causes is what only the machine brings about: a refused call or refused memory. */
export function isOfMachine(error: unknown): boolean {
  return causesOf(error).some(
    (cause) =>
      ('code' in cause && MACHINE_CODES.has(cause.code)) ||
      // `Array buffer allocation failed`, `WebAssembly.Memory(): could not allocate memory`.
      (cause instanceof RangeError && /\ballocat(?:e|ion)\b/.test(cause.message)),
  );
}

/** An error, its cause, and so on. */
export function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let cause = error; causes.length < MAX_CAUSES && cause instanceof Error; { cause } = cause) causes.push(cause);
  return causes;
}

/**
 * Control and format characters (bidi marks, tags), line separators, lone surrogates, what shows as nothing, and every space but the
 * space: they steer a terminal, or make two texts look the same. For `replace` only: it has a place of its own.
 */
export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]|[^\P{Zs} ]/gu;

/** Makes one value from a file, a config or an argument safe to print, in one line: what cannot be seen is shown by its code. */
export function printable(text: string, limit = 200): string {
  // A cut must not leave half of a character.
  const shown = text.length > limit ? `${text.slice(0, limit).replace(/[\ud800-\udbff]$/, '')}...` : text;
  return shown.replace(UNPRINTABLE, escaped);
}

/** As `printable` for a text of several lines: its line breaks stay. Values inside it must be printable already, or they could add lines. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (mark, at: number) =>
    mark === '\n' || (mark === '\r' && text[at + 1] === '\n') ? mark : escaped(mark),
  );
}

/** As `printable` for a sentence that other code has written, perhaps in several lines: they are joined. */
export function printableSentence(text: string, limit?: number): string {
  return printable(text.replace(/\s*[\r\n]\s*/g, ' ').trim(), limit);
}

/** JSON text in which nothing is left that `printable` would escape; it means the same. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNPRINTABLE, (mark) =>
    mark === '\n' ? mark : [...Array(mark.length).keys()].map((i) => unitCode(mark.charCodeAt(i))).join(''),
  );
}

function escaped(mark: string): string {
  const code = mark.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : unitCode(code);
}

function unitCode(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
