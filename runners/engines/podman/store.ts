/** A storage of podman for a run, with the image in it: made once for all environments that call podman the same way. */

import { chmodSync, existsSync, lchownSync, mkdirSync, writeFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, Image, Workspace } from '../../../bench/types.ts';
import { hierarchiesOf, openGroup } from '../../cgroup/box-group.ts';
import { mountsBelow, unmount } from '../../host/mounts.ts';
import { dockerArchive } from '../../image/image.ts';
import { findCommand } from '../../kit/commands.ts';
import { removeTree } from '../../kit/remove.ts';
import { quote } from '../../kit/shell.ts';
import { stateFolder } from '../../oci/runner.ts';
import { newPool } from '../../stack/pool.ts';
import { crunCall } from '../crun/call.ts';
import {
  CONTAINERS_CONF,
  lastWords,
  type PodmanClient,
  type PodmanWish,
  podman,
  podmanArgv,
  podmanEnv,
  runtimeScript,
  UNPRIVILEGED,
} from './client.ts';
import { endKeeper } from './leavings.ts';

/** Folders that runtimes make whatever their options are. */
const OUTSIDE = ['crun', 'runc'].map(stateFolder);
const LOAD_LIMIT_MS = 300_000;

const stores = newPool<PodmanClient>(removeStore);

function keyOf({ id }: Workspace, { rootless, runtime, storage }: PodmanWish): string {
  return [id, rootless ?? 'no', runtime ?? '', storage ?? ''].join(' ');
}

/** The client of the run's storage for this wish. Every success takes one `releaseStore`. */
export function acquireStore(host: Box, workspace: Workspace, wish: PodmanWish): Promise<PodmanClient> {
  return stores.acquire(keyOf(workspace, wish), () => makeStore(host, workspace, wish));
}

/** The last one removes it. */
export function releaseStore(workspace: Workspace, wish: PodmanWish): Promise<void> {
  return stores.release(keyOf(workspace, wish));
}

/** Loads the image unless it is there; verifies that it is the one of the archive, and returns its id. */
export async function loadImage(host: Box, client: PodmanClient, image: Image): Promise<string> {
  const archive = await dockerArchive(image);
  const id = archive.id.replace(/^sha256:/, '');
  const there = async () => (await podman(host, client, ['image', 'exists', id])).exitCode === 0;
  if (await there()) return id;
  // The user who loads it may not be allowed to read the store: the shell opens it before it becomes that user.
  const enter = `exec <${quote(archive.file)}; ${client.group?.enter ?? ''}`;
  const loaded = await host.exec(podmanArgv(client, ['load', '-q'], { enter }), {
    timeoutMs: LOAD_LIMIT_MS,
    env: podmanEnv(client),
  });
  if (loaded.exitCode === 0 && (await there())) return id;
  throw new BoxmarkError({
    what: `Podman could not load the image: ${lastWords(loaded)}`,
    value: archive.file,
    remedy: `remove ${archive.file}; the next run makes it again`,
  });
}

async function makeStore(host: Box, workspace: Workspace, wish: PodmanWish): Promise<PodmanClient> {
  const root = process.getuid?.() === 0;
  const rootless = wish.rootless === 'yes' || !root;
  const user = rootless && root ? UNPRIVILEGED : undefined;
  // The runtime that Docker uses too comes first: what differs is then Podman alone.
  const runtime = wish.runtime ?? (findCommand('runc') === undefined ? 'crun' : 'runc');
  const storage = wish.storage ?? 'overlay';
  // A short name: podman refuses paths of more than 50 characters.
  const folder = join(workspace.dir, ['pm', ...(rootless ? ['rl'] : []), runtime, storage].join('-'));
  for (const path of ['', 'tmp', 'xdg', 'bin']) mkdirSync(join(folder, path), { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'bin', runtime), runtimeScript(folder, runtime), { mode: 0o755 });
  writeFileSync(join(folder, 'containers.conf'), CONTAINERS_CONF);
  if (user !== undefined) {
    // The folder last, and only then a way in: who owns a folder can put links in the place of what is in it.
    for (const path of ['tmp', 'xdg', 'bin', 'containers.conf', '']) lchownSync(join(folder, path), user, user);
    // Only to be passed through.
    chmodSync(workspace.dir, 0o711);
  }
  // Its helper process, which keeps the user namespace, would else be in nobody's group.
  const hierarchies = rootless && root ? await hierarchiesOf(host) : [];
  const group =
    rootless && root
      ? await openGroup({ parent: host, hierarchies, workspace, name: 'podman-rootless', limits: {}, holds: false })
      : undefined;
  const outside = OUTSIDE.filter((path) => !existsSync(path));
  const call = runtime === 'crun' && root ? await crunCall(host, 'podman') : ['podman'];
  return { folder, call, runtime, storage, user, rootless, group, outside, cpus: workspace.limits.housekeeping };
}

async function removeStore({ folder, group, outside, rootless }: PodmanClient): Promise<void> {
  await group?.remove();
  if (rootless) await endKeeper(folder);
  for (const path of outside) await rmdir(path).catch(() => {}); // Not empty: another container uses it.
  for (const path of mountsBelow(folder)) await unmount(path);
  await removeTree(folder);
}
