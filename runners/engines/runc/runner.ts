/** The runner `runc`: the OCI runtime that Docker uses, called directly, without a daemon. */

import type { Runner } from '../../../bench/types.ts';
import { OCI_SCHEMA, type OciEngine, ociRunner, versionOf } from '../../oci/runner.ts';
import { ABLATIONS } from '../../stack/ablations.ts';
import { BOX_EXAMPLES, BOX_RISKS, type BoxSettings } from '../../stack/box-settings.ts';
import { defineSettings } from '../../stack/settings.ts';

const ENGINE: OciEngine<BoxSettings> = {
  name: 'runc',
  summary: 'a container by runc, the runtime below Docker, called directly; no seccomp profile by itself',
  kind: 'container',
  holds: true,
  storage: 'a bind mount of a folder of the box below',
  guestKernel: false,
  ablations: [ABLATIONS.memory, ABLATIONS.network, ABLATIONS.userns, ABLATIONS.quota],
  commands: ['runc'],
  wantsGroup: false,
  find: async (parent) => {
    const version = await versionOf(parent, 'runc');
    if (version !== undefined) return { argv: ['runc'], version: `runc ${version}`, labels: [] };
    return { reason: 'runc is not installed', remedy: 'boxmark setup --for runc' };
  },
};

export const runc: Runner = runcWith({});

function runcWith(settings: BoxSettings): Runner {
  const accepted = defineSettings({
    layer: 'runc',
    schema: OCI_SCHEMA,
    examples: BOX_EXAMPLES,
    risks: BOX_RISKS,
    bind: runcWith,
  });
  return ociRunner(ENGINE, settings, accepted);
}
