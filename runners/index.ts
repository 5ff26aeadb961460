/** The registry of layers: one line each; flags, help, lists and the contract tests follow from it. */

import type { Runner } from '../bench/types.ts';
import { appc } from './engines/appc/runner.ts';
import { bwrap } from './engines/bwrap/runner.ts';
import { cloudHypervisor } from './engines/cloud-hypervisor/runner.ts';
import { crun } from './engines/crun/runner.ts';
import { docker } from './engines/docker/runner.ts';
import { firecracker } from './engines/firecracker/runner.ts';
import { gvisor } from './engines/gvisor/runner.ts';
import { lxc } from './engines/lxc/runner.ts';
import { native } from './engines/native/runner.ts';
import { nspawn } from './engines/nspawn/runner.ts';
import { openvz } from './engines/openvz/runner.ts';
import { podman } from './engines/podman/runner.ts';
import { qemu } from './engines/qemu/runner.ts';
import { quota } from './engines/quota/runner.ts';
import { runc } from './engines/runc/runner.ts';
import { slow } from './engines/slow/runner.ts';
import { ssh } from './engines/ssh/runner.ts';
import { uml } from './engines/uml/runner.ts';
import { unshare } from './engines/unshare/runner.ts';

export const RUNNERS: readonly Runner[] = [
  native,
  unshare,
  bwrap,
  runc,
  crun,
  docker,
  podman,
  nspawn,
  gvisor,
  lxc,
  openvz,
  appc,
  qemu,
  uml,
  firecracker,
  cloudHypervisor,
  ssh,
  slow,
  quota,
];
