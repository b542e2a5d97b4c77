import { shortPath } from '../../report/runs/results.ts';
import { renderSweepStart, renderSweepStatus, renderTrial } from '../../report/sweep/progress.ts';
import { renderSweep } from '../../report/sweep/sweep.ts';
import { renderWinner } from '../../report/sweep/view/words.ts';
import { commandOf } from '../../storage/shell.ts';
import type { SweepSettings } from '../../sweep/schema.ts';
import type { SweepEvent, SweepSummary } from '../../sweep/session/events.ts';
import type { Trial } from '../../sweep/trial.ts';
import type { Display } from '../terminal/display.ts';
import { warningLine } from '../terminal/notices.ts';
import type { Output } from '../terminal/output.ts';

/** What the user sees of a sweep: progress on stderr, the table on stdout. */
export class SweepView {
  readonly #output: Output;
  readonly #display: Display;
  readonly #settings: SweepSettings;
  readonly #assignments = new Map<number, Trial['assignment']>();
  /** How far each trial got, where there are rungs, and how many ended so. */
  readonly #reached = new Map<number, number>();
  readonly #counts = new Map<number, number>();
  #best: Trial | undefined;
  #total: number | undefined;

  constructor(output: Output, display: Display, settings: SweepSettings) {
    this.#output = output;
    this.#display = display;
    this.#settings = settings;
  }

  show(event: SweepEvent): void {
    switch (event.type) {
      case 'start':
        this.#total = event.total;
        for (const line of renderSweepStart(event)) this.#display.say(line);
        break;
      case 'trial':
        this.#assignments.set(event.trial.number, event.trial.assignment);
        break;
      case 'progress':
        if (this.#display.isLive) this.#display.update(this.#status(event));
        break;
      case 'result':
        this.#showResult(event.trial);
        break;
      case 'best':
        this.#best = event.trial;
        this.#display.say(this.#output.paint('green', `best  ${renderWinner(event.trial, this.#settings)}`));
        break;
      case 'warning':
        this.#display.say(warningLine(event, this.#output));
        break;
      case 'run':
      case 'decision':
        break;
      case 'end':
        this.#display.clear();
    }
  }

  /** @param hasNext  what to do next is told */
  showResults(summary: SweepSummary, hasNext = true): void {
    const stream = this.#output.resultStream;
    this.#output.result(`\n${renderSweep(summary, this.#output.look(stream), summary)}`);
    if (!hasNext) return;
    const place = shortPath(summary.directory);
    const next = summary.status === 'interrupted' ? ['resume'] : summary.best === undefined ? [] : ['best', 'report'];
    for (const verb of next) this.#output.next(commandOf(`sweep ${verb}`, place));
    if (summary.failed > 0 && summary.status !== 'interrupted') this.#output.next(`${commandOf('sweep resume', place)} --retry-failed`);
  }

  #showResult(trial: Trial): void {
    this.#assignments.delete(trial.number);
    if (trial.resource !== undefined) this.#count(trial.number, trial.resource);
    // In place, running trials show what happens; what went wrong must stay.
    const isPlain = trial.status !== 'failed' && trial.status !== 'diverged';
    if (!this.#display.isLive || !isPlain) this.#display.say(renderTrial(trial, this.#settings));
  }

  #count(trial: number, resource: number): void {
    const before = this.#reached.get(trial);
    this.#reached.set(trial, resource);
    this.#counts.set(resource, (this.#counts.get(resource) ?? 0) + 1);
    if (before === undefined) return;
    const left = (this.#counts.get(before) ?? 0) - 1;
    if (left === 0) this.#counts.delete(before);
    else this.#counts.set(before, left);
  }

  #status(progress: Extract<SweepEvent, { type: 'progress' }>): string[] {
    let beyond = 0;
    const rungs: [resource: number, reached: number][] = [];
    for (const [resource, count] of [...this.#counts].toSorted(([a], [b]) => b - a)) {
      beyond += count;
      rungs.unshift([resource, beyond]);
    }
    return renderSweepStatus(progress, {
      settings: this.#settings,
      best: this.#best,
      total: this.#total,
      assignments: this.#assignments,
      rungs: this.#settings.early_terminate.type === 'median' ? [] : rungs,
      width: this.#display.width,
    });
  }
}
