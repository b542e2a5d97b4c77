import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { encodeSafetensors } from '../../../src/storage/safetensors/bytes.ts';
import { readSafetensors } from '../../../src/storage/safetensors.ts';

const STATE = 'gradloom.state';
const HASH_KEY = '"gradloom.sha256":"';

/** What a checkpoint holds beside its tensors, as JSON has it. */
export interface CheckpointParts {
  metadata: Record<string, string>;
  state: unknown;
}

/** Changes a checkpoint and signs it again, as somebody does who knows the format: only its values can give it away. */
export function changeCheckpoint(file: string, change: (parts: CheckpointParts) => CheckpointParts): void {
  const { metadata, tensors } = readSafetensors(file);
  const json = new TextDecoder().decode(tensors.get(STATE)?.data);
  const changed = change({ metadata: { ...metadata }, state: JSON.parse(json) });
  const data = Buffer.from(typeof changed.state === 'string' ? changed.state : JSON.stringify(changed.state));
  const bytes = encodeSafetensors(new Map(tensors).set(STATE, { dtype: 'U8', shape: [data.length], data }), {
    ...changed.metadata,
    'gradloom.sha256': '0'.repeat(64),
  });
  const at = Buffer.from(bytes.buffer).indexOf(HASH_KEY) + HASH_KEY.length;
  Buffer.from(bytes.buffer).write(createHash('sha256').update(bytes).digest('hex'), at, 'latin1');
  writeFileSync(file, bytes);
}
