/** The tools that exports are for, where this machine has them; a test that needs one skips with the reason where not. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Consumed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Null when there is no such command, else what it said. */
export function consume(argv: readonly string[], input = ''): Consumed | null {
  const [command = '', ...args] = argv;
  const { error, status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', timeout: 60_000 });
  if (error !== undefined) return null;
  return { code: status, stdout, stderr };
}

/** The interpreter that has the module: the distribution's first, which is the one that packages install into. */
export function pythonWith(module: string): string | null {
  for (const python of ['/usr/bin/python3', 'python3']) {
    if (consume([python, '-c', `import ${module}`])?.code === 0) return python;
  }
  return null;
}

export function withFile<T>(name: string, content: string, use: (file: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  try {
    const file = join(dir, name);
    writeFileSync(file, content);
    return use(file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
