interface Line {
  indent: number;
  text: string;
}

/** Thrown where a text holds more of YAML than is understood here. */
class OtherYaml extends Error {}

const KEY = /^([A-Za-z_][\w.-]*):(?: (.*))?$/;
const NUMBER = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
/** Plain scalars that YAML gives a meaning of their own, or that only look like plain ones. */
const SPECIAL = /^(?:[[\]{}&*!|>%@`'?,#]|[-:](?: |$)|[-+]?\.(?:inf|nan)$|[-+]?0[xo])|: |:$| #/i;

/**
 * Reads the YAML that `resolvedYaml` writes (block maps and lists of scalars) some fifty times faster than the parser for all of YAML:
 * for lists of thousands of runs.
 *
 * @returns undefined if the text holds anything else; never a value that YAML would not give
 */
export function readBlockYaml(text: string): unknown {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => {
      const trimmed = line.trimStart();
      return { indent: line.length - trimmed.length, text: trimmed };
    });
  const reader = new Reader(lines);
  try {
    return reader.document();
  } catch (error) {
    if (error instanceof OtherYaml) return undefined;
    throw error;
  }
}

class Reader {
  readonly #lines: Line[];
  #at = 0;

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  document(): unknown {
    const value = this.#block(0);
    if (this.#at < this.#lines.length) throw new OtherYaml();
    return value;
  }

  /** The map or list whose lines are indented by `indent`. */
  #block(indent: number): unknown {
    const first = this.#lines[this.#at];
    if (first?.indent !== indent) throw new OtherYaml();
    return first.text.startsWith('- ') ? this.#list(indent) : this.#map(indent);
  }

  #list(indent: number): unknown[] {
    const items: unknown[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent && line.text.startsWith('- '); line = this.#lines[this.#at]) {
      const text = line.text.slice(2);
      if (text.startsWith('- ') || KEY.test(text)) {
        // What follows the dash is the first line of a block that is indented by it.
        this.#lines[this.#at] = { indent: indent + 2, text };
        items.push(this.#block(indent + 2));
      } else {
        items.push(scalar(text));
        this.#at++;
      }
    }
    return items;
  }

  #map(indent: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const [, key, text] = KEY.exec(line.text) ?? [];
      if (key === undefined || key === '__proto__' || Object.hasOwn(map, key)) throw new OtherYaml();
      this.#at++;
      if (text !== undefined) map[key] = scalar(text);
      else {
        const next = this.#lines[this.#at];
        if (next === undefined || next.indent <= indent) throw new OtherYaml();
        map[key] = this.#block(next.indent);
      }
    }
    return map;
  }
}

function scalar(text: string): unknown {
  if (text === '[]') return [];
  if (text === '{}') return {};
  if (text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  if (NUMBER.test(text)) return Number(text);
  if (text.startsWith('"')) return quoted(text);
  if (SPECIAL.test(text) || text !== text.trim() || /^(?:~|null|true|false)$/i.test(text)) throw new OtherYaml();
  return text;
}

/** Double quotes as JSON has them; YAML's other escapes are left to its parser. */
function quoted(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OtherYaml();
  }
}
