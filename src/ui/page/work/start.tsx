import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CheckAnswer, ConfigFile, ConfigsAnswer, FormField, KeyInfo } from '../../work-protocol.ts';
import { hashOf } from '../link/route.ts';
import { change, messageOf, useAnswer } from '../link/server.ts';
import { Action, Problem } from '../parts/parts.tsx';
import { Form } from './form.tsx';

type Kind = ConfigFile['kind'];

interface Change {
  key: string;
  value: string;
}

const TYPING_MS = 300;
const KINDS: Record<Kind, string> = { train: 'train', sweep: 'sweep', speedup: 'compare worker counts' };

/** A config, changes to its keys, and what `check` says of them; then the start. */
export function StartPage(): JSX.Element {
  const { answer, problem } = useAnswer<ConfigsAnswer>('/api/configs', []);
  const [config, setConfig] = useState('');
  const [kind, setKind] = useState<Kind>('train');
  const [changes, setChanges] = useState<readonly Change[]>([]);
  const overrides = changes.flatMap(({ key, value }) =>
    key.trim() === '' ? [] : [key.trim().startsWith('~') ? key.trim() : `${key.trim()}=${value}`],
  );
  const check = useCheck({ kind, config, overrides });
  // While something is not valid the form stays as it was.
  const lastFields = useRef<{ config: string; fields: readonly FormField[] }>({ config: '', fields: [] });
  if (check?.fields != null && check.of === config) lastFields.current = { config, fields: check.fields };
  const fields = lastFields.current.config === config ? lastFields.current.fields : [];
  const set = (key: string, value: string | undefined): void => {
    const at = changes.findIndex((one) => one.key === key);
    const isEmpty = value === undefined || value === '';
    if (at >= 0) put(at, isEmpty ? undefined : { key, value });
    else if (!isEmpty) setChanges([...changes, { key, value }]);
  };
  const choose = (name: string): void => {
    setConfig(name);
    setChanges([]);
    setKind(answer?.configs.find((one) => one.name === name)?.kind ?? 'train');
  };
  const put = (at: number, next: Change | undefined): void => setChanges(changes.flatMap((one, i) => (i === at ? (next ?? []) : one)));
  const start = async (): Promise<void> => {
    await change('/api/start', { kind, config, overrides });
    window.location.hash = hashOf('jobs');
  };
  const sameKind = answer?.configs.find(({ name }) => name === config)?.kind;
  return (
    <>
      <h1>Start</h1>
      <Problem>{problem}</Problem>
      <form class="start" onSubmit={(event) => event.preventDefault()} aria-label="what to start">
        <label>
          config
          <select value={config} onChange={(event) => choose(event.currentTarget.value)}>
            <option value="">choose one</option>
            {answer?.configs.map(({ name, kind: own }) => (
              <option value={name}>{own === 'train' ? name : `${name} (${own})`}</option>
            ))}
          </select>
        </label>
        {sameKind === 'train' && (
          <label>
            to
            <select value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
              {Object.entries(KINDS).map(([name, text]) => (
                <option value={name}>{text}</option>
              ))}
            </select>
          </label>
        )}
        {fields.length > 0 && (
          <Form key={config} fields={fields} changes={new Map(changes.map(({ key, value }) => [key, value]))} onChange={set} />
        )}
        <fieldset>
          <legend>changes</legend>
          {changes.map((one, i) => (
            <ChangeRow key={i} change={one} keys={answer?.keys ?? []} number={i} onChange={(next) => put(i, next)} />
          ))}
          <button type="button" class="small" onClick={() => setChanges([...changes, { key: '', value: '' }])}>
            + change a key
          </button>
          <datalist id="experiment-keys">
            {answer?.keys.map(({ key }) => (
              <option value={key} />
            ))}
          </datalist>
        </fieldset>
        <Action label={KINDS[kind]} kind="button" work={start} />
      </form>
      {check !== undefined && (
        <section class="check" aria-label="check" aria-live="polite">
          <h2>Check</h2>
          <p class={check.isValid ? 'good' : 'problem'}>{check.isValid ? 'valid' : 'not valid yet'}</p>
          {check.notices.map((notice) => (
            <p class="warning">{notice}</p>
          ))}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
          <pre tabIndex={0}>{check.text}</pre>
        </section>
      )}
    </>
  );
}

interface ChangeRowProps {
  change: Change;
  keys: readonly KeyInfo[];
  number: number;
  /** undefined: away with it. */
  onChange: (change: Change | undefined) => void;
}

function ChangeRow({ change: { key, value }, keys, number, onChange }: ChangeRowProps): JSX.Element {
  const info = keys.find((one) => one.key === key.replace(/\.\d+(?=\.|$)/g, '.0'));
  const list = `choices-${number}`;
  return (
    <div class="change">
      <label>
        key
        <input
          type="text"
          value={key}
          list="experiment-keys"
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => onChange({ key: event.currentTarget.value, value })}
        />
      </label>
      <label>
        value
        <input
          type="text"
          value={value}
          list={list}
          placeholder={info?.type}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => onChange({ key, value: event.currentTarget.value })}
        />
      </label>
      <datalist id={list}>
        {info?.choices.map((choice) => (
          <option value={choice} />
        ))}
      </datalist>
      <button
        type="button"
        class="small"
        aria-label={`remove the change of ${key === '' ? 'no key' : key}`}
        onClick={() => onChange(undefined)}
      >
        remove
      </button>
      <span class="faint">{info?.description}</span>
    </div>
  );
}

/** What was said, and of which config. */
type Checked = CheckAnswer & { of: string };

interface Work {
  kind: Kind;
  config: string;
  overrides: readonly string[];
}

/** What `gradloom check` says, asked when nobody types any more. */
function useCheck(work: Work): Checked | undefined {
  const [answer, setAnswer] = useState<Checked | undefined>(undefined);
  const name = JSON.stringify(work);
  useEffect(() => {
    if (work.config === '') {
      setAnswer(undefined);
      return;
    }
    let isLeft = false;
    const timer = window.setTimeout(() => {
      void change<CheckAnswer>('/api/check', work)
        .catch((error: unknown): CheckAnswer => ({ isValid: false, fields: null, text: messageOf(error), notices: [] }))
        .then((found) => {
          if (!isLeft) setAnswer({ ...found, of: work.config });
        });
    }, TYPING_MS);
    return () => {
      isLeft = true;
      window.clearTimeout(timer);
    };
  }, [name]);
  return answer;
}
