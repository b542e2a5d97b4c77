import { printableSentence } from '../../errors.ts';
import type { Output } from './output.ts';

/** What the config loader changed by its rules, and the user should know. */
export function showNotices(notices: readonly string[], output: Output): void {
  for (const notice of notices) output.note(`${output.paint('yellow', 'notice')}  ${printableSentence(notice, 2000)}`);
}

/** `warning[W_STORAGE]  ...`, as commands show it above their status. */
export function warningLine({ code, message }: { code: string; message: string }, output: Output): string {
  return `${output.paint('yellow', `warning[${code}]`)}  ${printableSentence(message, 2000)}`;
}
