import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { hashOf, route, setParameters } from '../link/route.ts';
import { Problem } from '../parts/parts.tsx';
import { RunsTable } from './table.tsx';
import { ticked } from './ticked.ts';
import { useRuns } from './window.ts';

const TYPING_MS = 250;

/** All runs: filtered, sorted, grouped; those that are ticked can be compared. */
export function RunsPage(): JSX.Element {
  const { parameters } = route.value;
  const of = (name: string): string => parameters.get(name) ?? '';
  const folds = parameters.getAll('fold');
  const query = {
    q: of('q'),
    sort: of('sort'),
    reverse: of('reverse'),
    group: of('group'),
    folded: of('folded'),
    fold: folds,
    col: splitColumns(of('cols')),
  };
  const fold = (title: string): void =>
    setParameters({ fold: folds.includes(title) ? folds.filter((one) => one !== title) : [...folds, title] });
  const runs = useRuns(query);
  const count = ticked.value.size;
  const { meta } = runs;
  return (
    <>
      <div class="line">
        <h1>Runs</h1>
        <p class="faint" role="status">
          {meta !== undefined &&
            (meta.found === meta.all
              ? meta.all.toLocaleString('en-US')
              : `${meta.found.toLocaleString('en-US')} of ${meta.all.toLocaleString('en-US')}`)}
        </p>
      </div>
      <form class="query" onSubmit={(event) => event.preventDefault()} aria-label="which runs">
        <Typed name="q" label="filter" hint="optimizer.lr<0.01, tags=good, mnist*" value={query.q} />
        <Typed name="group" label="group by" hint="optimizer.type" value={query.group} list="keys" forgets={['fold', 'folded']} />
        <Typed name="cols" label="columns" hint="optimizer.lr, min val.loss, seconds" value={of('cols')} />
        <datalist id="keys">
          {['name', 'status', 'workers', ...(meta?.keys ?? [])].map((key) => (
            <option value={key} />
          ))}
        </datalist>
      </form>
      <Problem>{runs.problem ?? meta?.problem}</Problem>
      <div class="line chosen">
        {query.group !== '' &&
          (query.folded === '1' ? (
            <button type="button" class="small" onClick={() => setParameters({ folded: '', fold: '' })}>
              unfold all groups
            </button>
          ) : (
            <button type="button" class="small" onClick={() => setParameters({ folded: '1', fold: '' })}>
              fold all groups
            </button>
          ))}
        {count > 0 && (
          <>
            <a class="button" href={hashOf('compare', { run: [...ticked.value] })}>
              compare {count} {count === 1 ? 'run' : 'runs'}
            </a>
            <button type="button" class="small" onClick={() => (ticked.value = new Set())}>
              untick all
            </button>
          </>
        )}
      </div>
      {meta !== undefined && meta.all === 0 ? (
        <p>
          No runs yet. <code>gradloom train mnist</code> trains one here; it appears while it trains.
        </p>
      ) : (
        <RunsTable runs={runs} sort={query.sort} isReversed={query.reverse === '1'} onFold={fold} />
      )}
    </>
  );
}

function splitColumns(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** A field of the query, which is asked when nobody types any more. */
function Typed({
  name,
  label,
  hint,
  value,
  list,
  forgets = [],
}: {
  name: string;
  label: string;
  hint: string;
  value: string;
  list?: string;
  /** What goes with another value. */
  forgets?: readonly string[];
}): JSX.Element {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  useEffect(() => setText(value), [value]);
  const say = (next: string): void => {
    setText(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(
      () => setParameters({ ...Object.fromEntries(forgets.map((one) => [one, ''])), [name]: next }),
      TYPING_MS,
    );
  };
  return (
    <label>
      {label}
      <input
        type="text"
        value={text}
        placeholder={hint}
        list={list}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => say(event.currentTarget.value)}
      />
    </label>
  );
}
