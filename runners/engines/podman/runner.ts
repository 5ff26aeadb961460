/** The runner `podman`: containers without a daemon, as root or, with `rootless=yes`, as an unprivileged user. */

import * as z from 'zod';
import { BoxmarkError, messageOf } from '../../../bench/errors.ts';
import type { Box, Image, OpenOptions, Prepared, Probe, Runner, Workspace } from '../../../bench/types.ts';
import { toolImage } from '../../image/image.ts';
import { asRoot } from '../../kit/as-root.ts';
import { profileIn } from '../../oci/seccomp-profile.ts';
import { ABLATIONS } from '../../stack/ablations.ts';
import { BOX_EXAMPLES, BOX_FIELDS, BOX_RISKS, type BoxSettings } from '../../stack/box-settings.ts';
import { defineSettings, harmless } from '../../stack/settings.ts';
import { capabilitiesFor } from '../../stack/user-root.ts';
import { openPodmanBox } from './box.ts';
import { podman as call, lastWords, type PodmanClient, type PodmanWish, RUNTIMES, STORAGES } from './client.ts';
import { acquireStore, loadImage, releaseStore } from './store.ts';

const PROBE_LIMIT_MS = 30_000;
/** Since then it can take away the variables that it sets. */
const UNSETS_ENV_SINCE = [4, 3] as const;

type PodmanSettings = BoxSettings & PodmanWish;

interface PreparedPodman extends Prepared {
  readonly workspace: Workspace;
  readonly client: PodmanClient;
  readonly image: string;
  readonly capabilities: readonly string[];
}

const { seccomp, memory, pids, cpus, network } = BOX_FIELDS;
const SCHEMA = z.strictObject({
  rootless: z
    .enum(['yes', 'no'], 'takes yes or no')
    .optional()
    .describe('yes: as an unprivileged user, in a user namespace; the default without root'),
  runtime: z
    .enum(RUNTIMES, `takes ${RUNTIMES.join(' or ')}`)
    .optional()
    .describe('OCI runtime: runc (default) or crun'),
  storage: z
    .enum(STORAGES, `takes ${STORAGES.join(' or ')}`)
    .optional()
    .describe('storage driver: overlay (default) or vfs'),
  seccomp,
  memory,
  pids,
  cpus,
  network,
});

export const podman: Runner = podmanWith({});

function podmanWith(settings: PodmanSettings): Runner {
  const { userns: _, ...examples } = BOX_EXAMPLES;
  return {
    name: 'podman',
    kind: 'container',
    summary: 'a Podman container: no daemon, its default seccomp profile; podman:rootless=yes without root',
    needs: { privileges: 'container-engine', commands: ['podman', 'conmon', 'runc', 'sh', 'taskset'] },
    holds: false,
    guestKernel: false,
    storage: 'a volume without a name, as with docker',
    posture: { rootDaemon: false, signedImage: false },
    ablations: [ABLATIONS.memory, ABLATIONS.network, ABLATIONS.seccomp, ABLATIONS.quota],
    settings: defineSettings({
      layer: 'podman',
      schema: SCHEMA,
      examples: { rootless: 'yes', runtime: 'crun', storage: 'vfs', ...examples },
      risks: { ...BOX_RISKS, rootless: harmless, runtime: harmless, storage: harmless },
      bind: podmanWith,
    }),
    probe: (parent, workspace) => probe(settings, parent, workspace),
    prepare: (parent, image, workspace) => prepare(settings, parent, image, workspace),
    open: (parent, prepared, options) => open(settings, parent, prepared as PreparedPodman, options),
  };
}

/** Runs a small program from a separate image in the run's storage. */
async function probe(settings: PodmanSettings, parent: Box, workspace: Workspace): Promise<Probe> {
  const unavailable = (reason: string, remedy: string): Probe => ({ available: false, reason, remedy });
  // Without a run-time folder, even this makes one in /tmp.
  const env = { HOME: workspace.dir, XDG_RUNTIME_DIR: workspace.dir };
  const shown = await parent.exec(['podman', '--version'], { timeoutMs: PROBE_LIMIT_MS, env });
  const version = /version (\S+)/.exec(shown.stdout)?.[1];
  if (shown.exitCode !== 0 || version === undefined) {
    return unavailable('Podman is not installed', 'boxmark setup --for podman');
  }
  if (parent.path !== 'host') return unavailable('Podman runs on the host only', 'name it first: podman');
  try {
    const prepared = await prepare(settings, parent, await toolImage(['true']), workspace);
    try {
      const { limits, signal } = workspace;
      const name = `try-${Math.random().toString(36).slice(2, 8)}`;
      const box = await open(settings, parent, prepared, { name, limits, signal });
      const child = await box.spawn(['/usr/bin/true']);
      const timer = setTimeout(() => child.kill(), PROBE_LIMIT_MS);
      const { exitCode } = await child.exited;
      clearTimeout(timer);
      await box.close();
      if (exitCode === 0) return { available: true, version, labels: prepared.labels };
      return unavailable(`no container starts: ${child.errorTail().split('\n').at(-1)}`, remedyFor(settings));
    } finally {
      await prepared.dispose();
    }
  } catch (error) {
    const known = error instanceof BoxmarkError ? error : undefined;
    return unavailable(known?.what ?? messageOf(error), known?.remedy ?? 'boxmark doctor');
  }
}

function remedyFor({ rootless }: PodmanSettings): string {
  if (process.getuid?.() !== 0) return `allow user namespaces, or run as root: ${asRoot()}`;
  return rootless === 'yes' ? 'allow user namespaces, or podman as root' : 'podman:rootless=yes';
}

async function prepare(
  settings: PodmanSettings,
  parent: Box,
  image: Image,
  workspace: Workspace,
): Promise<PreparedPodman> {
  await profileIn(parent, workspace, settings.seccomp);
  const client = await acquireStore(parent, workspace, settings);
  const dispose = () => releaseStore(workspace, settings);
  try {
    const shown = await call(parent, client, ['version', '-f', '{{.Client.Version}}']);
    if (shown.exitCode !== 0) throw new BoxmarkError({ what: `Podman does not answer: ${lastWords(shown)}` });
    const id = await loadImage(parent, client, image);
    let disposed = false;
    return {
      labels: [
        ...(client.rootless ? ['rootless'] : []),
        ...(client.storage === 'vfs' ? ['storage vfs'] : []),
        ...(settings.network === 'host' ? ['host network'] : []),
      ],
      version: shown.stdout.trim(),
      slowness: 1,
      dispose: async () => {
        if (disposed) return;
        disposed = true;
        await dispose();
      },
      workspace,
      client,
      image: id,
      capabilities: capabilitiesFor(image),
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function open(
  settings: PodmanSettings,
  host: Box,
  { workspace, client, image, capabilities, version }: PreparedPodman,
  options: OpenOptions,
): Promise<Box> {
  options.signal.throwIfAborted();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [sinceMajor, sinceMinor] = UNSETS_ENV_SINCE;
  const unsetsEnv = major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
  const own = { ...settings, capabilities };
  return openPodmanBox({ host, workspace, client, settings: own, image, unsetsEnv, options });
}
