/** The registry of layers: one line each; flags, help, lists and the contract tests follow from it. */

import type { Runner } from '../bench/types.ts';
import { appc } from './appc.ts';
import { bwrap } from './bwrap.ts';
import { cloudHypervisor } from './cloud-hypervisor.ts';
import { crun } from './crun.ts';
import { docker } from './docker.ts';
import { firecracker } from './firecracker.ts';
import { gvisor } from './gvisor.ts';
import { lxc } from './lxc.ts';
import { native } from './native.ts';
import { nspawn } from './nspawn.ts';
import { openvz } from './openvz.ts';
import { podman } from './podman.ts';
import { qemu } from './qemu.ts';
import { quota } from './quota.ts';
import { runc } from './runc.ts';
import { slow } from './slow.ts';
import { ssh } from './ssh.ts';
import { uml } from './uml.ts';
import { unshare } from './unshare.ts';

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
