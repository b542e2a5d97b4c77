import { printable } from '../../errors.ts';

/** Text as it may stand in HTML and SVG, also in a quoted attribute; what cannot be seen is shown by its code. */
export function escapeHtml(text: string): string {
  return printable(text, Number.POSITIVE_INFINITY).replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
