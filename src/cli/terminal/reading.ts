import type { ReadingProgress } from '../../data/files/reading.ts';
import { renderReading } from '../../report/text/progress.ts';

/** What is read sooner is not worth a word. */
const SHOWN_AFTER_MS = 1000;

/**
 * Makes a status of how far data is read: nothing of what takes less than a second, else a line until it is read.
 *
 * @param show  receives the lines of the status; none to wipe it
 * @param now   milliseconds
 */
export function readingStatus(
  show: (lines: readonly string[]) => void,
  now = () => performance.now(),
): (progress: ReadingProgress) => void {
  let path: string | undefined;
  let since = 0;
  let isShown = false;
  return (progress) => {
    if (progress.path !== path) [path, since] = [progress.path, now()];
    if (progress.done >= progress.total) {
      path = undefined;
      if (isShown) show([]);
      isShown = false;
    } else if (now() - since >= SHOWN_AFTER_MS) {
      isShown = true;
      show([renderReading(progress)]);
    }
  };
}
