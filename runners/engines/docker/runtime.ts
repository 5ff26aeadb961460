/** OCI runtimes that a private Docker daemon knows besides its default one. */

import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, Workspace } from '../../../bench/types.ts';
import { crunCall } from '../crun/call.ts';
import { findPlatform, gvisorLabel, runscCall } from '../gvisor/platform.ts';

export interface Runtime {
  readonly name: string;
  /** A script that calls it: Docker appends the arguments. */
  readonly script: string;
  /** Labels for the results. */
  readonly labels: readonly string[];
}

/** Commands that a box needs for it besides the engine's own. */
export function runtimeCommands(name: string | undefined): string[] {
  if (name === undefined || name === 'runc') return [];
  return name === 'crun' ? ['crun', 'unshare', 'umount'] : [name];
}

/** How the runtime is called in a box; undefined for the daemon's default. Throws `BoxmarkError` where it can't run. */
export async function runtimeOf(
  box: Box,
  name: string | undefined,
  workspace: Workspace,
): Promise<Runtime | undefined> {
  if (name === undefined || name === 'runc') return undefined;
  if (name === 'runsc') {
    const found = await findPlatform(box, workspace, undefined);
    if ('reason' in found) throw new BoxmarkError({ what: `gVisor: ${found.reason}`, remedy: found.remedy });
    return { name, script: scriptOf(runscCall(found.platform)), labels: [gvisorLabel(found.platform)] };
  }
  const env = { XDG_RUNTIME_DIR: box.scratch };
  const asked = await box.exec([name, '--version'], { timeoutMs: 10_000, env });
  if (asked.exitCode !== 0) {
    throw new BoxmarkError({
      what: 'The OCI runtime for Docker is not installed, and the running daemon does not know it.',
      value: name,
      remedy: 'install it, or name another: docker:runtime=runc',
    });
  }
  return { name, script: scriptOf(name === 'crun' ? await crunCall(box) : [name]), labels: [] };
}

/** Without a run-time folder crun makes one in /run, whatever its options are. */
function scriptOf(call: readonly string[]): string {
  return `#!/bin/sh\nexport XDG_RUNTIME_DIR="\${0%/*}"\nexec ${call.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')} "$@"\n`;
}
