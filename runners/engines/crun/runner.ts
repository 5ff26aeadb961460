/** The runner `crun`: the OCI runtime that Podman prefers, called directly. */

import type { Runner } from '../../../bench/types.ts';
import { OCI_SCHEMA, type OciEngine, ociRunner, versionOf } from '../../oci/runner.ts';
import { ABLATIONS } from '../../stack/ablations.ts';
import { BOX_EXAMPLES, BOX_RISKS, type BoxSettings } from '../../stack/box-settings.ts';
import { defineSettings } from '../../stack/settings.ts';
import { crunCall } from './call.ts';

const ENGINE: OciEngine<BoxSettings> = {
  name: 'crun',
  summary: 'a container by crun, the runtime in C that Podman prefers, called directly; no seccomp profile by itself',
  kind: 'container',
  holds: true,
  storage: 'a bind mount of a folder of the box below',
  guestKernel: false,
  ablations: [ABLATIONS.memory, ABLATIONS.network, ABLATIONS.userns, ABLATIONS.quota],
  commands: ['crun', 'unshare', 'umount'],
  wantsGroup: false,
  find: async (parent) => {
    const version = await versionOf(parent, 'crun');
    if (version !== undefined) return { argv: await crunCall(parent), version: `crun ${version}`, labels: [] };
    return { reason: 'crun is not installed', remedy: 'boxmark setup --for crun' };
  },
};

export const crun: Runner = crunWith({});

function crunWith(settings: BoxSettings): Runner {
  const accepted = defineSettings({
    layer: 'crun',
    schema: OCI_SCHEMA,
    examples: BOX_EXAMPLES,
    risks: BOX_RISKS,
    bind: crunWith,
  });
  return ociRunner(ENGINE, settings, accepted);
}
