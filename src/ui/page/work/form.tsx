import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { FormField } from '../../work-protocol.ts';

/** Fields that are shown at once where somebody looks for a key. */
const MOST_FOUND = 40;

interface FormProps {
  fields: readonly FormField[];
  /** By key, what is changed. */
  changes: ReadonlyMap<string, string>;
  /** undefined: as the config has it. */
  onChange: (key: string, value: string | undefined) => void;
}

/** The keys of a config as fields, made from the schema, block by block. */
export function Form({ fields, changes, onChange }: FormProps): JSX.Element {
  const [wanted, setWanted] = useState('');
  const word = wanted.trim().toLowerCase();
  const found = word === '' ? [] : fields.filter(({ key, description }) => `${key} ${description}`.toLowerCase().includes(word));
  const blocks = new Map<string, FormField[]>();
  for (const field of fields) blocks.set(field.block, [...(blocks.get(field.block) ?? []), field]);
  const shown = (list: readonly FormField[]): JSX.Element[] =>
    list.map((field) => <Field key={field.key} field={field} change={changes.get(field.key)} onChange={onChange} />);
  return (
    <fieldset class="form">
      <legend>keys</legend>
      <label>
        look for a key
        <input
          type="search"
          value={wanted}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      </label>
      {word !== '' ? (
        <>
          <p class="faint" role="status">
            {found.length > MOST_FOUND ? `the first ${MOST_FOUND} of ${found.length}` : `${found.length} found`}
          </p>
          {shown(found.slice(0, MOST_FOUND))}
        </>
      ) : (
        [...blocks].map(([block, own]) => {
          const count = own.filter(({ key }) => changes.has(key)).length;
          return (
            <Block key={block} title={count === 0 ? block : `${block} (${count} changed)`}>
              {() => shown(own)}
            </Block>
          );
        })
      )}
    </fieldset>
  );
}

/** Its fields are there once it is open: an experiment has hundreds. */
function Block({ title, children }: { title: string; children: () => JSX.Element[] }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {isOpen && children()}
    </details>
  );
}

interface FieldProps {
  field: FormField;
  change: string | undefined;
  onChange: FormProps['onChange'];
}

function Field({ field, change, onChange }: FieldProps): JSX.Element {
  const { key, control, choices, isWhole, least, most, takes, description, value } = field;
  const id = `field-${key}`;
  const now = change ?? value;
  const put = (next: string): void => onChange(key, next);
  const described = { id, 'aria-describedby': `${id}-help` };
  return (
    <div class={change === undefined ? 'key-field' : 'key-field set'}>
      <label for={id}>{key}</label>
      {control === 'choice' ? (
        <select {...described} value={now} onChange={(event) => put(event.currentTarget.value)}>
          {!choices.includes(now) && <option value={now}>{now === '' ? 'not set' : now}</option>}
          {choices.map((choice) => (
            <option value={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input
          {...described}
          type={control === 'number' ? 'number' : 'text'}
          step={control === 'number' ? (isWhole ? 1 : 'any') : undefined}
          min={control === 'number' ? (least ?? undefined) : undefined}
          max={control === 'number' ? (most ?? undefined) : undefined}
          list={control === 'text' && choices.length > 0 ? `${id}-choices` : undefined}
          value={now}
          placeholder={value === '' ? 'not set' : undefined}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => put(event.currentTarget.value)}
        />
      )}
      {control === 'text' && choices.length > 0 && (
        <datalist id={`${id}-choices`}>
          {choices.map((choice) => (
            <option value={choice} />
          ))}
        </datalist>
      )}
      {change !== undefined && (
        <button type="button" class="small" aria-label={`take back the change of ${key}`} onClick={() => onChange(key, undefined)}>
          take back
        </button>
      )}
      <span class="faint" id={`${id}-help`}>
        {[description, control === 'choice' ? '' : takes].filter((part) => part !== '').join(': ')}
      </span>
    </div>
  );
}
