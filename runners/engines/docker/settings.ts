/** The settings of the layer `docker`: for the payload's container, and for the daemon that runs it. */

import * as z from 'zod';
import type { Ablation, LayerSettings, Runner } from '../../../bench/types.ts';
import { ABLATIONS } from '../../stack/ablations.ts';
import { BOX_EXAMPLES, BOX_FIELDS, BOX_RISKS, type BoxSettings } from '../../stack/box-settings.ts';
import { defineSettings, harmless, riskUnless } from '../../stack/settings.ts';

export interface DockerSettings extends BoxSettings {
  /** OCI runtime instead of the daemon's default. */
  readonly runtime?: string | undefined;
  readonly storage?: 'overlay2' | 'vfs' | undefined;
}

/** What a daemon must have; a private one is made so when the user's isn't. */
export interface DaemonWish {
  readonly runtime?: string | undefined;
  readonly storage?: 'overlay2' | 'vfs' | undefined;
}

const { seccomp, memory, pids, cpus, network } = BOX_FIELDS;

const DOCKER_SCHEMA = z.strictObject({
  runtime: z
    .string()
    .regex(/^[a-z][\w.-]*$/i, 'takes the name of an OCI runtime, such as runsc')
    .optional()
    .describe('OCI runtime: runc, crun, runsc (gVisor), or any that the daemon knows'),
  storage: z
    .enum(['overlay2', 'vfs'], 'takes overlay2 or vfs')
    .optional()
    .describe('storage driver of the daemon; a private one is started when the running one has another'),
  seccomp,
  memory,
  pids,
  cpus,
  network,
});

/** Any other name is looked for among the host's programs. */
const OWN_RUNTIMES = ['runc', 'crun', 'runsc'];

const DOCKER_RISKS = {
  ...BOX_RISKS,
  runtime: riskUnless(OWN_RUNTIMES, 'names a program of this host'),
  storage: harmless,
} as const;

const { userns: _, ...examples } = BOX_EXAMPLES;
const DOCKER_EXAMPLES = { runtime: 'runsc', storage: 'vfs', ...examples } as const;

/** The settings of the layer in a path; `bind` makes the runner. */
export function dockerSettings(bind: (settings: DockerSettings) => Runner): LayerSettings {
  return defineSettings({
    layer: 'docker',
    schema: DOCKER_SCHEMA,
    examples: DOCKER_EXAMPLES,
    risks: DOCKER_RISKS,
    bare: 'runtime',
    bind,
  });
}

/** The steps of `explain`, in the order in which they are added. */
export const DOCKER_ABLATIONS: readonly Ablation[] = [
  ABLATIONS.memory,
  ABLATIONS.network,
  ABLATIONS.seccomp,
  { part: 'copies (vfs) in place of layers', settings: { storage: 'vfs' }, kind: 'exchanges' },
  ABLATIONS.quota,
];

/** Name of the daemon's folder, group and place in the table of daemons: empty for the one that all others share. */
export function variantOf({ runtime, storage }: DaemonWish): string {
  return [runtime, storage].filter((part) => part !== undefined).join('-');
}
