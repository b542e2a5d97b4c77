import { printableSentence } from '../../errors.ts';
import type { Output } from './output.ts';

/** What the config loader changed by its rules, and the user should know. */
export function showNotices(notices: readonly string[], output: Output): void {
  for (const notice of notices) output.note(`${output.paint('yellow', 'notice')}  ${printableSentence(notice, 2000)}`);
}
