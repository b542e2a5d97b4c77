import type { LogEntry, SessionRules } from '../journal/entries.ts';
import type { TrialLog } from '../journal/log.ts';
import type { Ledger } from '../replay/ledger.ts';

/** Lines whose suggestions are computed again after a kill, at most. */
const VOUCHED_EVERY = 20_000;

/** What a session says: in the log, and in the ledger, which knows it from then on, whether the disk has it yet or not. */
export class SessionLog {
  readonly #log: TrialLog;
  readonly #ledger: Ledger;
  readonly #cores: number;
  readonly #rules: SessionRules;
  #hasBegun = false;

  /** @param cores, rules  of the session */
  constructor(log: TrialLog, ledger: Ledger, cores: number, rules: SessionRules) {
    this.#log = log;
    this.#ledger = ledger;
    this.#cores = cores;
    this.#rules = rules;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** A session that finds nothing to do leaves no trace. */
  begin(): void {
    if (this.#hasBegun) return;
    this.say({ type: 'session', pid: process.pid, cores: this.#cores, at: new Date().toISOString(), rules: this.#rules });
    this.#hasBegun = true;
  }

  say(entry: LogEntry): void {
    this.#log.note(entry);
    this.#ledger.add(entry);
  }

  /** @throws GradloomError as `TrialLog.sync` */
  async sync(): Promise<void> {
    await this.#log.sync();
    if (this.#log.unvouched > VOUCHED_EVERY) await this.#log.vouch();
  }
}
