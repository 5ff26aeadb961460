/** The registry of layers: one line each; flags, help, lists, set-up, clean-up and the contract tests follow from it. */

import type { Runner } from '../bench/types.ts';
import type { Engine } from './engine.ts';
import { engine as appc } from './engines/appc/index.ts';
import { engine as bwrap } from './engines/bwrap/index.ts';
import { engine as cloudHypervisor } from './engines/cloud-hypervisor/index.ts';
import { engine as crun } from './engines/crun/index.ts';
import { engine as docker } from './engines/docker/index.ts';
import { engine as firecracker } from './engines/firecracker/index.ts';
import { engine as gvisor } from './engines/gvisor/index.ts';
import { engine as lxc } from './engines/lxc/index.ts';
import { engine as native } from './engines/native/index.ts';
import { engine as nspawn } from './engines/nspawn/index.ts';
import { engine as openvz } from './engines/openvz/index.ts';
import { engine as podman } from './engines/podman/index.ts';
import { engine as qemu } from './engines/qemu/index.ts';
import { engine as quota } from './engines/quota/index.ts';
import { engine as runc } from './engines/runc/index.ts';
import { engine as slow } from './engines/slow/index.ts';
import { engine as ssh } from './engines/ssh/index.ts';
import { engine as uml } from './engines/uml/index.ts';
import { engine as unshare } from './engines/unshare/index.ts';
import type { Installation } from './upkeep/packages.ts';

export const ENGINES: readonly Engine[] = [
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

export const RUNNERS: readonly Runner[] = ENGINES.map(({ runner }) => runner);

/** Engines that set-up can install. */
export const INSTALLATIONS: readonly Installation[] = ENGINES.flatMap(({ installation }) => installation ?? []);
