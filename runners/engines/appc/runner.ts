/** The runner `appc`: rkt's format. The image becomes a signed App Container Image, verified before each launch as a pod. */

import { randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { BoxmarkError, messageOf } from '../../../bench/errors.ts';
import type { Box, Image, Probe, Runner, Workspace } from '../../../bench/types.ts';
import { toolImage, verifyImage } from '../../image/image.ts';
import { asRoot } from '../../kit/as-root.ts';
import { findCommand } from '../../kit/commands.ts';
import { removeTree } from '../../kit/remove.ts';
import { BOX_FIELDS, BOX_RISKS, type BoxSettings } from '../../stack/box-settings.ts';
import { defineSettings, harmless } from '../../stack/settings.ts';
import { capabilitiesFor } from '../../stack/user-root.ts';
import { systemImage } from '../lxc/system-image.ts';
import { unpackAci, writeAci } from './archive.ts';
import { openPodBox, type PreparedAppc, stampOf } from './box.ts';
import { createSigner, verifyAci } from './signature.ts';
import { STAGE1S, type Stage1 } from './stage1.ts';

const PROBE_LIMIT_MS = 20_000;
const COMMANDS: Readonly<Record<Stage1, string>> = { rkt: 'rkt', nspawn: 'systemd-nspawn' };

interface AppcSettings extends Pick<BoxSettings, 'memory' | 'pids' | 'cpus'> {
  readonly stage1?: Stage1 | undefined;
}

const { memory, pids, cpus } = BOX_FIELDS;
const SCHEMA = z.strictObject({
  stage1: z
    .enum(STAGE1S, 'is rkt or nspawn')
    .optional()
    .describe('what starts the pod: rkt where it is installed, else systemd-nspawn'),
  memory,
  pids,
  cpus,
});

export const appc: Runner = appcRunner({});

function appcRunner(settings: AppcSettings): Runner {
  return {
    name: 'appc',
    kind: 'container',
    summary: 'a signed App Container Image, verified before each launch, run by rkt or systemd-nspawn',
    needs: { privileges: 'container-engine', commands: [] },
    holds: false,
    guestKernel: false,
    storage: 'a bind mount of a folder of the host; none with rkt',
    posture: { rootDaemon: false, signedImage: true },
    settings: defineSettings({
      layer: 'appc',
      schema: SCHEMA,
      examples: { stage1: 'nspawn', memory: '1g', pids: '256', cpus: '0.5' },
      risks: { ...BOX_RISKS, stage1: harmless },
      bare: 'stage1',
      bind: appcRunner,
    }),
    probe: (parent, workspace) => probe(parent, workspace, settings),
    prepare: (parent, image, workspace) => prepare(parent, image, workspace, settings),
    open: async (parent, prepared, options) => {
      options.signal.throwIfAborted();
      return openPodBox(parent, prepared as PreparedAppc, options);
    },
  };
}

/** Builds, signs, verifies and launches an image that contains only busybox. */
async function probe(parent: Box, workspace: Workspace, settings: AppcSettings): Promise<Probe> {
  const wanted = settings.stage1;
  if (parent.path !== 'host') {
    const reason = `the image is verified on the host, but the pod would start in ${parent.path}`;
    return { available: false, reason, remedy: 'use appc as the first layer' };
  }
  const stage1 = stage1Here(wanted);
  if (stage1 === undefined) {
    const missing =
      wanted === undefined
        ? `neither ${STAGE1S.map((name) => COMMANDS[name]).join(' nor ')} is installed`
        : `${COMMANDS[wanted]} is not installed`;
    return { available: false, reason: missing, remedy: 'boxmark setup --for appc' };
  }
  if (process.getuid?.() !== 0) {
    return { available: false, reason: 'only root can start pods', remedy: `run as root: ${asRoot()}` };
  }
  try {
    const system = await systemImage(await toolImage([]));
    if ('missing' in system) return { available: false, reason: system.missing, remedy: system.remedy };
    const prepared = await prepareWith(parent, system, workspace, stage1, settings);
    try {
      const { limits, signal } = workspace;
      const name = `probe-${randomBytes(4).toString('hex')}`;
      const box = await openPodBox(parent, prepared, { name, limits, signal });
      try {
        const done = await box.exec(['/usr/bin/busybox', 'true'], { timeoutMs: PROBE_LIMIT_MS });
        if (done.exitCode === 0) return { available: true, version: prepared.version, labels: prepared.labels };
        const why = done.timedOut ? 'it took too long' : done.stderr.trim().split('\n').slice(-2).join('; ');
        return {
          available: false,
          reason: `no pod starts: ${why}`,
          remedy: 'run where namespaces and mounts are allowed',
        };
      } finally {
        await box.close();
      }
    } finally {
      await prepared.dispose();
    }
  } catch (error) {
    return { available: false, reason: messageOf(error), remedy: 'boxmark setup --for appc' };
  }
}

async function prepare(parent: Box, image: Image, workspace: Workspace, settings: AppcSettings): Promise<PreparedAppc> {
  const stage1 = stage1Here(settings.stage1);
  if (stage1 === undefined) {
    throw new BoxmarkError({ what: 'There is no program to start a pod.', remedy: 'boxmark setup --for appc' });
  }
  if (capabilitiesFor(image).length > 0) {
    throw new BoxmarkError({
      what: 'A pod keeps no capabilities, so the program can not become the user that its image names.',
      value: 'appc',
      remedy: 'an image whose USER is root',
    });
  }
  // The signed files must be those of the store's manifest.
  await verifyImage(image);
  return prepareWith(parent, image, workspace, stage1, settings);
}

async function prepareWith(
  parent: Box,
  image: Image,
  workspace: Workspace,
  stage1: Stage1,
  settings: AppcSettings,
): Promise<PreparedAppc> {
  const tools = await systemImage(await toolImage([]));
  if ('missing' in tools) throw new BoxmarkError({ what: tools.missing, remedy: tools.remedy });
  const folder = join(workspace.dir, `appc-${randomBytes(4).toString('hex')}`);
  const dispose = () => removeTree(folder);
  const [pods, tree] = [join(folder, 'pods'), join(folder, 'tree')];
  const signer = createSigner();
  const signed = {
    file: join(folder, 'image.aci'),
    signatureFile: join(folder, 'image.aci.sig'),
    trusted: signer.publicKey,
  };
  try {
    for (const path of [folder, pods]) await mkdir(path, { mode: 0o700 });
    await mkdir(tree, { mode: 0o755 });
    await signer.sign(await writeAci(image, signed.file), signed.signatureFile);
    const { id } = await verifyAci(signed);
    await unpackAci(signed.file, tree);
    workspace.note({ kind: 'aci', id, bytes: (await stat(signed.file)).size });
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    labels: ['signed image'],
    version: await versionOf(parent, stage1),
    slowness: 1,
    dispose,
    workspace,
    settings,
    stage1,
    image: signed,
    tree,
    treeStamp: await stampOf(tree),
    tools: tools.root,
    pods,
  };
}

function stage1Here(wanted: Stage1 | undefined): Stage1 | undefined {
  return STAGE1S.find((name) => (wanted ?? name) === name && findCommand(COMMANDS[name]) !== undefined);
}

async function versionOf(parent: Box, stage1: Stage1): Promise<string> {
  const asked = await parent.exec([COMMANDS[stage1], stage1 === 'rkt' ? 'version' : '--version'], {
    timeoutMs: 10_000,
  });
  const found = /(?:rkt Version:|systemd) (\S+)/.exec(asked.stdout)?.[1] ?? '';
  return stage1 === 'rkt' ? `rkt ${found}` : `systemd-nspawn ${found}`;
}
