import { printableSentence } from '../../errors.ts';
import { shortPath } from '../../report/runs/results.ts';
import { renderSweepStart, renderSweepStatus, renderTrial } from '../../report/sweep/progress.ts';
import { renderSweep } from '../../report/sweep/sweep.ts';
import { renderWinner } from '../../report/sweep/view/words.ts';
import { commandOf } from '../../storage/shell.ts';
import type { SweepSettings } from '../../sweep/schema.ts';
import type { SweepEvent, SweepSummary } from '../../sweep/session/events.ts';
import type { Trial } from '../../sweep/trial.ts';
import { LiveStatus } from '../terminal/live.ts';
import { columnsOf, type Output } from '../terminal/output.ts';

/** What the user sees of a sweep: progress on stderr, the table on stdout. */
export class SweepDisplay {
  readonly #output: Output;
  readonly #settings: SweepSettings;
  readonly #live: LiveStatus | undefined;
  readonly #assignments = new Map<number, Trial['assignment']>();
  /** How far each trial got, where there are rungs. */
  readonly #reached = new Map<number, number>();
  #best: Trial | undefined;
  #total: number | undefined;

  constructor(output: Output, settings: SweepSettings) {
    this.#output = output;
    this.#settings = settings;
    if (process.stderr.isTTY && process.env['TERM'] !== 'dumb' && !output.quiet) {
      this.#live = new LiveStatus(output);
      output.wipeBeforeErrors(() => this.clear());
    }
  }

  show(event: SweepEvent): void {
    switch (event.type) {
      case 'start':
        this.#total = event.total;
        for (const line of renderSweepStart(event)) this.say(line);
        break;
      case 'trial':
        this.#assignments.set(event.trial.number, event.trial.assignment);
        break;
      case 'progress':
        this.#live?.update(this.#status(event));
        break;
      case 'result':
        this.#showResult(event.trial);
        break;
      case 'best':
        this.#best = event.trial;
        this.say(this.#output.paint('green', `best  ${renderWinner(event.trial, this.#settings.metric.name)}`));
        break;
      case 'warning':
        this.say(`${this.#output.paint('yellow', `warning[${event.code}]`)}  ${printableSentence(event.message, 2000)}`);
        break;
      case 'decision':
        break;
      case 'end':
        this.clear();
    }
  }

  /** A line that stays. */
  say(text: string): void {
    if (this.#live === undefined) this.#output.note(text);
    else this.#live.keep(text);
  }

  /** Wipes what is not meant to stay. */
  clear(): void {
    this.#live?.clear();
  }

  showResults(summary: SweepSummary): void {
    const stream = this.#output.resultStream;
    this.#output.result(`\n${renderSweep(summary, this.#output.look(stream), summary)}`);
    const place = shortPath(summary.directory);
    const next = summary.status === 'interrupted' ? ['resume'] : summary.best === undefined ? [] : ['best', 'report'];
    for (const verb of next) this.#output.next(commandOf(`sweep ${verb}`, place));
    if (summary.failed > 0 && summary.status !== 'interrupted') this.#output.next(`${commandOf('sweep resume', place)} --retry-failed`);
  }

  #showResult(trial: Trial): void {
    if (trial.resource !== undefined) this.#reached.set(trial.number, trial.resource);
    // In place, running trials show what happens; what went wrong must stay.
    const isPlain = trial.status !== 'failed' && trial.status !== 'diverged';
    if (this.#live === undefined || !isPlain) this.say(renderTrial(trial, this.#settings));
  }

  #status(progress: Extract<SweepEvent, { type: 'progress' }>): string[] {
    const lengths = [...this.#reached.values()];
    const rungs = [...new Set(lengths)]
      .toSorted((a, b) => a - b)
      .map((resource) => [resource, lengths.filter((length) => length >= resource).length] as const);
    return renderSweepStatus(progress, {
      settings: this.#settings,
      best: this.#best,
      total: this.#total,
      assignments: this.#assignments,
      rungs: this.#settings.early_terminate.type === 'median' ? [] : rungs,
      // A terminal wraps a line that fills it.
      width: columnsOf(process.stderr) - 1,
    });
  }
}
