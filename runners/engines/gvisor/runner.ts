/** The runner `gvisor`: a box with its own kernel in user space, by runsc. */

import * as z from 'zod';
import type { Runner } from '../../../bench/types.ts';
import { type OciEngine, ociRunner } from '../../oci/runner.ts';
import { ABLATIONS } from '../../stack/ablations.ts';
import { BOX_EXAMPLES, BOX_FIELDS, BOX_RISKS, type BoxSettings } from '../../stack/box-settings.ts';
import { defineSettings, harmless } from '../../stack/settings.ts';
import { findPlatform, GVISOR_TRAITS, gvisorLabel, PLATFORMS, type Platform, runscCall } from './platform.ts';

interface GvisorSettings extends BoxSettings {
  readonly platform?: Platform | undefined;
}

const { memory, pids, cpus, network } = BOX_FIELDS;
const SCHEMA = z.strictObject({
  platform: z
    .enum(PLATFORMS, `takes ${PLATFORMS.join(', ')}`)
    .optional()
    .describe('how system calls are caught; by itself the first of systrap and ptrace that works'),
  memory,
  pids,
  cpus,
  network,
});

const ENGINE: OciEngine<GvisorSettings> = {
  name: 'gvisor',
  summary: 'a gVisor sandbox (runsc): system calls are served by a kernel in user space',
  kind: 'guest-kernel',
  holds: false,
  storage: 'a bind mount of a folder of the box below, whose files a proxy (gofer) opens',
  guestKernel: true,
  ablations: [ABLATIONS.memory, ABLATIONS.network, ABLATIONS.quota],
  commands: ['runsc'],
  wantsGroup: true,
  find: async (parent, workspace, { platform, network: mode }) => {
    const found = await findPlatform(parent, workspace, platform);
    if ('reason' in found) return found;
    const { platform: works, version } = found;
    return { argv: runscCall(works, mode), version, labels: [gvisorLabel(works)], traits: GVISOR_TRAITS };
  },
};

export const gvisor: Runner = gvisorWith({});

function gvisorWith(settings: GvisorSettings): Runner {
  const { userns: _, seccomp: __, ...examples } = BOX_EXAMPLES;
  const layerSettings = defineSettings({
    layer: 'gvisor',
    schema: SCHEMA,
    examples: { platform: 'ptrace', ...examples },
    risks: { ...BOX_RISKS, platform: harmless },
    bare: 'platform',
    bind: gvisorWith,
  });
  return ociRunner(ENGINE, settings, layerSettings);
}
