/** Which line of which file each row came from: rows follow each other line by line, but for the breaks that are kept. */
export class Places {
  /** First row of a stretch in which each row is one line below the last one, its line, and its file. */
  readonly #rows: number[] = [];
  readonly #lines: number[] = [];
  readonly #files: string[] = [];
  #nextRow = 0;
  #nextLine = 0;

  /** Tells where the next row is. */
  add(file: string, line: number): void {
    if (line !== this.#nextLine || file !== this.#files.at(-1)) {
      this.#rows.push(this.#nextRow);
      this.#lines.push(line);
      this.#files.push(file);
    }
    this.#nextRow++;
    this.#nextLine = line + 1;
  }

  of(row: number): { path: string; line: number } {
    let low = 0;
    for (let high = this.#rows.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((this.#rows[middle] as number) <= row) low = middle;
      else high = middle;
    }
    return { path: this.#files[low] ?? '', line: (this.#lines[low] ?? 0) + row - (this.#rows[low] ?? 0) };
  }
}
