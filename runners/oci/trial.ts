/** A real attempt with an OCI runtime: a box of one small program, made and removed in any box. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Box, Workspace } from '../../bench/types.ts';
import { hierarchiesOf, limitsSwap, openGroup } from '../cgroup/box-group.ts';
import { GROUP_ROOT } from '../cgroup/group.ts';
import { toolImage } from '../image/image.ts';
import { writeInBox } from '../kit/box-files.ts';
import { ociSpec } from './spec.ts';

const TRIAL_LIMIT_MS = 20_000;

export interface Trial {
  /** Words that call the runtime. */
  readonly call: readonly string[];
  readonly cgroupNamespace: boolean;
  readonly timeoutMs?: number;
}

/** Undefined when the program ran; else the runtime's message. Never throws. */
export async function tryRuntime(parent: Box, workspace: Workspace, trial: Trial): Promise<string | undefined> {
  const id = `boxmark-${workspace.id}-try-${randomBytes(3).toString('hex')}`;
  const folder = join(parent.scratch, id);
  const cgroup = `${GROUP_ROOT}/${workspace.id}/${id}`;
  const { cpus, memoryBytes, pids } = workspace.limits;
  const limits = { cpus, memoryBytes, pids };
  const hierarchies = await hierarchiesOf(parent);
  const group = await openGroup({ parent, hierarchies, workspace, name: id, limits, holds: true });
  try {
    const { root } = await toolImage(['true']);
    const spec = ociSpec({
      root: await parent.put(root),
      argv: ['/usr/bin/true'],
      cgroup,
      limits,
      swap: await limitsSwap(parent, hierarchies),
      cgroupNamespace: trial.cgroupNamespace,
    });
    await writeInBox(parent, [folder], { [`${folder}/config.json`]: JSON.stringify(spec) });
    const run = [...trial.call, '--root', `${folder}/state`, 'run', '--bundle', folder, id];
    const { exitCode, stderr, stdout, timedOut } = await parent.exec(run, {
      timeoutMs: trial.timeoutMs ?? TRIAL_LIMIT_MS,
      env: { XDG_RUNTIME_DIR: folder },
    });
    if (exitCode === 0) return undefined;
    if (timedOut) await parent.exec([...trial.call, '--root', `${folder}/state`, 'delete', '-f', id]);
    return timedOut ? 'it took too long' : lastLine(stderr) || lastLine(stdout) || `exit code ${exitCode}`;
  } catch (error) {
    return error instanceof BoxmarkError ? error.what : (error as Error).message;
  } finally {
    await parent.exec(['rm', '-rf', '--one-file-system', folder]);
    await group.remove();
  }
}

/** The last line that says something, without a logger's prefix. */
export function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  const message = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replaceAll('\\"', '"');
  return (message ?? line).slice(0, 300);
}
