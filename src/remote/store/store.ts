/**
 * A place that all agents and the coordinator reach, for what is too large for the queue: copies of runs, data sets. Blobs are named by
 * their content, so the same name is the same blob, whoever writes it and how often.
 */
export interface BlobStore {
  /** As it may be printed: `file:/mnt/runs`, `redis:`. */
  readonly shown: string;
  /** Tells it from other stores, also from one at the same path on another machine. */
  readonly id: string;
  /** Bytes that a blob may have. */
  readonly limitBytes: number;
  /** @param name  `folder/name`, each part as `isBlobName` takes it @throws GradloomError E_STORAGE */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** @returns undefined if there is none @throws GradloomError E_STORAGE, E_RUN_FILE */
  get(name: string): Promise<Uint8Array | undefined>;
  /** The names in a folder, sorted. @throws GradloomError E_STORAGE */
  list(folder: string): Promise<string[]>;
  /** Nothing happens if there is none. @throws GradloomError E_STORAGE */
  remove(name: string): Promise<void>;
  /** Removes a folder with all that is in it. @throws GradloomError E_STORAGE */
  removeFolder(folder: string): Promise<void>;
}

const PART = /^[A-Za-z0-9][\w.~-]{0,199}$/;

/** Whether a word can be a part of a blob's name: on every file system, and never a way out of the store. */
export function isBlobPart(part: string): boolean {
  return PART.test(part) && !part.includes('..');
}

/** @throws Error for a name that is none: a fault of ours */
export function partsOf(name: string): string[] {
  const parts = name.split('/');
  if (parts.every(isBlobPart)) return parts;
  throw new Error(`not the name of a blob: ${JSON.stringify(name)}`);
}
