import { type ErrorCode, printable } from '../../errors.ts';

const PLAIN_NUMBER = /^[-+]?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][-+]?\d+)?$/;
const INTEGER = /^[-+]?\d+$/;

/** Opens a reference to the environment in other tools; here it is refused, so that no secret ends up in a run's record. */
const ENVIRONMENT = '${env:';

/** What is wrong with text wherever it stands. */
export function textFault(raw: string, value: string): string | undefined {
  const shown = printable(raw, 80);
  if (value.includes(ENVIRONMENT)) return `environment values are not allowed; got ${shown}`;
  // Half of a pair cannot be saved as UTF-8, so the saved experiment would differ.
  return /\p{Surrogate}/u.test(value) ? `not valid Unicode; got ${shown}` : undefined;
}

/** What is wrong with a number. */
export interface NumberFault {
  readonly code: ErrorCode;
  readonly message: string;
  /** What to write instead, as far as it is known without the key. */
  readonly expected?: string;
}

/** What is wrong with a number that YAML would read as something other than what its text says. */
export function numberFault(raw: string, value: number): NumberFault | undefined {
  const shown = printable(raw, 80);
  if (/^[-+]?0\d/.test(raw))
    return { code: 'E_CONFIG_VALUE', message: `a leading zero is ambiguous; got ${shown}; write ${value}, or "${shown}" for text` };
  if (/^[-+]?0[xo]/i.test(raw))
    return { code: 'E_CONFIG_VALUE', message: `numbers are written in decimal; got ${shown}; write ${value}, or "${shown}" for text` };
  if (!PLAIN_NUMBER.test(raw)) return { code: 'E_CONFIG_RANGE', message: `not a finite number; got ${shown}` };
  if (!Number.isFinite(value))
    return { code: 'E_CONFIG_RANGE', message: `too large for a number; got ${shown}`, expected: `at most ${Number.MAX_VALUE} in size` };
  if (INTEGER.test(raw) && !isHeld(raw, value)) {
    const message = `too large to be held exactly; got ${shown}, the nearest is ${value}`;
    return { code: 'E_CONFIG_INTEGER', message, expected: `at most ${Number.MAX_SAFE_INTEGER}` };
  }
  if (value === 0 && /[1-9]/.test(raw.split(/[eE]/)[0] ?? ''))
    return { code: 'E_CONFIG_RANGE', message: `too small for a number; got ${shown}`, expected: `at least ${Number.MIN_VALUE} in size` };
  return undefined;
}

/** Whether an integer's digits are those of the double: its exact value, or the shortest digits that lead to it, which JavaScript writes. */
function isHeld(raw: string, value: number): boolean {
  if (Number.isSafeInteger(value)) return true;
  const digits = BigInt(raw.replace(/^\+/, ''));
  return digits === BigInt(value) || String(digits) === String(value);
}

/** JSON has no -0, so what a sweep's log keeps would not be what was given; no key tells the two apart. */
export function withoutNegativeZero(value: number): number {
  return value === 0 ? 0 : value;
}
