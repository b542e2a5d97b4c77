import { getSystemErrorMap } from 'node:util';

/** What the operating system said, without the call and path that Node adds: `ENOSPC: no space left on device`. */
export function errnoText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errno } = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  if (known !== undefined) return `${known[0]}: ${known[1]}`;
  return code === undefined || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
}
