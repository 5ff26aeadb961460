/** gVisor's platforms: which of them runs a program here. They differ in how system calls are intercepted, and so in what they cost. */

import type { Box, Obstacle, Traits, Workspace } from '../../../bench/types.ts';
import { asRoot } from '../../kit/as-root.ts';
import { tryRuntime } from '../../oci/trial.ts';

export const PLATFORMS = ['systrap', 'ptrace', 'kvm'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** In the order of preference when none is asked for. `kvm` wants a real /dev/kvm and is only tried when it is asked for. */
const BY_ITSELF: readonly Platform[] = ['systrap', 'ptrace'];
/** A platform that hangs, as kvm does without hardware virtualisation, must not hold up the rest. */
const PLATFORM_LIMIT_MS = 15_000;

export type Found = { readonly platform: Platform; readonly version: string } | Obstacle;

/** The words that call runsc. Its only network is its own loopback. */
export function runscCall(platform: Platform, network: 'none' | 'host' = 'none'): string[] {
  return ['runsc', `--platform=${platform}`, `--network=${network}`];
}

/** What a user should know about results with it. */
export function gvisorLabel(platform: Platform): string {
  return `user-space kernel (gVisor, ${platform})`;
}

/** Its kernel presents its own virtual processor. */
export const GVISOR_TRAITS: Partial<Traits> = { ownCpu: true };

const found = new Map<string, Promise<Found>>();

/** Runs a program under each platform that comes into question. Answers for the host are kept for the run. */
export function findPlatform(parent: Box, workspace: Workspace, wanted: Platform | undefined): Promise<Found> {
  if (parent.path !== 'host') return tryPlatforms(parent, workspace, wanted);
  const key = `${workspace.id} ${wanted ?? ''}`;
  const known = found.get(key) ?? tryPlatforms(parent, workspace, wanted);
  found.set(key, known);
  return known;
}

async function tryPlatforms(parent: Box, workspace: Workspace, wanted: Platform | undefined): Promise<Found> {
  const shown = await parent.exec(['runsc', '--version'], { timeoutMs: 10_000 });
  const version = /version (\S+)/.exec(shown.stdout)?.[1];
  if (shown.exitCode !== 0 || version === undefined) {
    return { reason: 'runsc is not installed', remedy: 'boxmark setup --for gvisor' };
  }
  const reasons: string[] = [];
  for (const platform of wanted === undefined ? BY_ITSELF : [wanted]) {
    const call = runscCall(platform);
    const trial = { call, cgroupNamespace: false, timeoutMs: PLATFORM_LIMIT_MS };
    const reason = await tryRuntime(parent, workspace, trial);
    if (reason === undefined) return { platform, version: `runsc ${version}` };
    reasons.push(`${platform}: ${reason}`);
  }
  const root = parent.path !== 'host' || process.getuid?.() === 0;
  return {
    reason: `no box starts under ${reasons.join('; ')}`,
    remedy: root ? 'another platform, such as gvisor:ptrace, or a newer runsc' : `run as root: ${asRoot()}`,
  };
}
