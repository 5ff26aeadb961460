/** `fleet.json`: one plan, the hosts that it was given to, and how far each of them is. */

import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { usageError } from '../errors.ts';
import { assertPlainFolder, INFO_LIMIT_BYTES, readRegular, replaceFile } from '../session/files.ts';

/** In the folder of a fleet, beside `plan.yaml` and `hosts/`. */
export const FLEET_FILE = 'fleet.json';
export const FLEET_PLAN = 'plan.yaml';
/** Sessions as they came back: `hosts/NAME/SESSION`, with the same files as anywhere. */
export const FLEET_HOSTS = 'hosts';

/**
 * `waiting`: not yet begun. `running`: begun, not yet ended. `measured`: its session is here, whole and checked. `failed`:
 * Boxmark ended there without a session. `lost`: nothing more is heard of it. `refused`: it was not tried, and why.
 */
export const HOST_STATES = ['waiting', 'running', 'measured', 'failed', 'lost', 'refused'] as const;
export type HostState = (typeof HOST_STATES)[number];

/** `host`: processes of the host itself are the baseline. `container`: the barest container is, and there is no native box. */
export const FOOTINGS = ['host', 'container'] as const;
export type Footing = (typeof FOOTINGS)[number];

export const TRANSPORTS = ['swarm', 'ssh', 'collected'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const SESSION_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/;
const MOST_HOSTS = 100_000;
const MOST_LABELS = 64;

const moment = z.string().refine((at) => Number.isFinite(Date.parse(at)), 'no time');
const words = z.string().max(2000);
const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const fleetHostSchema = z.strictObject({
  /** Of its folder, unique in the fleet. */
  name: z.string().regex(NAME),
  /** By which its transport knows it: a node's id, an address. */
  address: z.string().min(1).max(256),
  labels: z.record(z.string().max(128), z.string().max(256)).refine((all) => Object.keys(all).length <= MOST_LABELS),
  /** As Node.js names it; null while unknown. */
  architecture: z.string().max(32).nullable(),
  state: z.enum(HOST_STATES),
  /** Why it failed, was lost or refused; null otherwise. */
  reason: words.nullable(),
  footing: z.enum(FOOTINGS).nullable(),
  /** Why its baseline is a container and no process of the host; null where it is one, or nobody knows yet. */
  footingReason: words.nullable(),
  /** Path of its session below the fleet's folder; null while there is none. */
  session: z
    .string()
    .max(200)
    .regex(/^hosts\/[A-Za-z0-9][A-Za-z0-9._-]{0,62}\/[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/)
    .nullable(),
  /** SHA-256 of the session's manifest. */
  seal: digest.nullable(),
  attempts: z.int().min(0).max(1000),
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  /** When its last line came. */
  lastSeenAt: moment.nullable(),
});
export type FleetHost = z.infer<typeof fleetHostSchema>;

export const fleetSchema = z.strictObject({
  schema: z.literal(1),
  fleet: z.string().regex(NAME),
  program: z.string().max(100),
  command: words,
  startedAt: moment,
  /** Null while it goes on, and when it was ended from outside. */
  finishedAt: moment.nullable(),
  transport: z.enum(TRANSPORTS),
  /** Hosts that measured at the same time, at most. */
  parallel: z.int().min(1).max(MOST_HOSTS),
  /** Id of the node image, `sha256:…`; null without one. */
  image: z.string().max(200).nullable(),
  /** SHA-256 of `plan.yaml`. */
  planDigest: digest,
  hosts: z.array(fleetHostSchema).max(MOST_HOSTS),
});
export type FleetInfo = z.infer<typeof fleetSchema>;

/** May a folder of a session be called so? */
export function isSessionName(name: string): boolean {
  return SESSION_NAME.test(name);
}

export function isFleet(dir: string): boolean {
  try {
    return readdirSync(dir).includes(FLEET_FILE);
  } catch {
    return false;
  }
}

/** Throws a usage error for a folder of a fleet with links in it: whoever made them chose what they lead to. */
export function assertPlainFleet(dir: string): void {
  const hosts = join(dir, FLEET_HOSTS);
  for (const folder of [dir, hosts]) if (isThere(folder)) assertPlainFolder(folder);
  if (isThere(hosts)) for (const name of readdirSync(hosts)) assertPlainFolder(join(hosts, name));
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Throws a usage error that names what is wrong in it. */
export function readFleet(dir: string): FleetInfo {
  const file = join(dir, FLEET_FILE);
  const remedy = 'a folder that boxmark fleet run or fleet collect wrote';
  let content: unknown;
  try {
    content = JSON.parse(readRegular(file, INFO_LIMIT_BYTES));
  } catch {
    throw usageError('There is no fleet here: fleet.json is missing or is not JSON.', dir, remedy);
  }
  const read = fleetSchema.safeParse(content);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw usageError(
    `The fleet can't be read: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it has another form'}.`,
    file,
    remedy,
  );
}

/** Replaces `fleet.json` at once. */
export function writeFleet(dir: string, info: FleetInfo): void {
  replaceFile(join(dir, FLEET_FILE), `${JSON.stringify(info, null, 2)}\n`);
}

export type Names = Pick<ReadonlySet<string>, 'has'>;

/** A name that can be a folder's: other characters become `-`. Unique among those `taken`. */
export function hostName(wanted: string, taken: Names): string {
  const plain =
    wanted
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 56) || 'host';
  for (let number = 1; ; number++) {
    const name = number === 1 ? plain : `${plain}-${number}`;
    if (!taken.has(name)) return name;
  }
}
