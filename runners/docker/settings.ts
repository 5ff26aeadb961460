/** What the layer `docker` can be told: for the payload's container, and for the daemon that runs it. */

import * as z from 'zod';
import { BOX_EXAMPLES, BOX_FIELDS, type BoxSettings } from '../box-settings.ts';

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

export const DOCKER_SCHEMA = z.strictObject({
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

const { userns: _, ...examples } = BOX_EXAMPLES;
export const DOCKER_EXAMPLES = { runtime: 'runsc', storage: 'vfs', ...examples } as const;

/** Name of the daemon's folder, group and place in the table of daemons: empty for the one that all others share. */
export function variantOf({ runtime, storage }: DaemonWish): string {
  return [runtime, storage].filter((part) => part !== undefined).join('-');
}
