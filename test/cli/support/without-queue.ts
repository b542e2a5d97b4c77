import { register } from 'node:module';

/** Loaded before the command: as on a machine where the optional packages are not installed. */
const HOOK = `export async function resolve(name, context, next) {
  if (name === 'bullmq' || name === 'ioredis')
    throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(name, context);
}`;
register(`data:text/javascript,${encodeURIComponent(HOOK)}`);
