import { execFileSync } from 'node:child_process';

function hasTorch(): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import torch, numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    // Another machine: named in the titles of the tests.
    return false;
  }
}

/** Whether PyTorch is to be used: where it is, and in CI, where a missing one fails. */
export const TORCH: boolean = process.env['CI'] !== undefined || hasTorch();
