import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box, Workspace } from '../../bench/types.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { RUNNERS } from '../../runners/index.ts';
import { hostBox } from '../../runners/kit/process.ts';

let workspace: Workspace;
beforeAll(async () => {
  const { id, dir } = await createWorkspaceDir();
  const limits = { cpus: [0], housekeeping: [0], memoryBytes: 2 ** 29, pids: 64 };
  workspace = { id, dir, limits, signal: new AbortController().signal, note: () => {} };
});
afterAll(() => removeWorkspaceDir(workspace.dir));

/** A box in which no command is there. */
const bare: Box = {
  path: 'bare',
  scratch: '/nonexistent',
  exec: async ([file = '']) => ({ exitCode: 127, stdout: '', stderr: `${file}: not found`, timedOut: false }),
  spawn: async () => {
    throw new Error('nothing can be started here');
  },
  put: async (file) => file,
  close: async () => {},
};

it('names of layers are unique and fit into a path', () => {
  const names = RUNNERS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
});

describe.each(RUNNERS.map((runner) => [runner.name, runner] as const))('%s', (_, runner) => {
  it('answers its probe on this host with a version, or with a reason and a remedy', async () => {
    const probe = await runner.probe(hostBox(workspace), workspace);
    if (probe.available) expect(probe.version).not.toBe('');
    else expect([probe.reason, probe.remedy].every((text) => text.length > 3)).toBe(true);
  });

  it('answers its probe in a box that has nothing with a reason and a remedy, and does not throw', async () => {
    const probe = await runner.probe(bare, workspace);
    expect(probe.available).toBe(false);
    if (!probe.available) expect([probe.reason, probe.remedy].every((text) => text.length > 3)).toBe(true);
  });

  it('says in one sentence what it is', () => {
    expect(runner.summary.length).toBeGreaterThan(10);
    expect(runner.summary.length).toBeLessThan(120);
  });
});
