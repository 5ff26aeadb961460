/** The hosts of a fleet that ssh reaches, from an inventory file (YAML) or from words of a command line. */

import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { messageOf, nearest, usageError } from '../../bench/errors.ts';
import { hostName } from '../../bench/fleet/info.ts';
import { oneTypeEach, schemaId } from '../../bench/json-schema.ts';
import { readNamed } from '../../bench/session/files.ts';
import { parseStrictYaml } from '../../bench/strict-yaml.ts';
import { HOST_WORD, LAST_PORT, type Target, USER_WORD } from '../../runners/kit/ssh/target.ts';

/** A host to connect to. */
export interface SshHost {
  /** Of its folder in the fleet; unique. */
  readonly name: string;
  /** `[USER@]HOST[:PORT]`, unique. */
  readonly address: string;
  readonly target: Target;
  readonly labels: Readonly<Record<string, string>>;
}

const LIMIT_BYTES = 1 << 22;
const MOST_HOSTS = 10_000;
const MOST_LABELS = 64;
const REMEDY = 'docs/fleet.md#over-ssh, or schemas/inventory.schema.json';
/** Before the name of a host among the words of a command line. */
const DIRECT = 'ssh:';

const hostField = z
  .string()
  .max(200)
  .regex(HOST_WORD, 'is no name of a host')
  .describe(
    'The host as typed for ssh: an alias of your ssh configuration, a name or an address, with or without USER@.',
  );
const fileField = z.string().min(1).max(4000);

const hostSchema = z.strictObject({
  host: hostField,
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'is no name: up to 63 letters, digits, dots, dashes')
    .optional()
    .describe('What the host is called in the fleet and its reports; by default the host.'),
  port: z.int().min(1).max(LAST_PORT).optional().describe('The port of its sshd.'),
  user: z.string().max(64).regex(USER_WORD, 'is no name of a user').optional().describe('The user there.'),
  identity: fileField.optional().describe('File with the private key; relative to the folder of this file.'),
  config: fileField
    .optional()
    .describe('A file to read instead of your ssh_config; relative to the folder of this file.'),
  labels: z
    .record(z.string().min(1).max(128), z.string().max(256))
    .refine((all) => Object.keys(all).length <= MOST_LABELS, `has more than ${MOST_LABELS} entries`)
    .optional()
    .describe('What reports group hosts by, such as a rack or a model. Values are text.'),
});

const inventorySchema = z.strictObject({
  hosts: z.array(hostSchema).min(1).max(MOST_HOSTS).describe('The hosts, in the order in which they are measured.'),
});
type HostEntry = z.infer<typeof hostSchema>;

/** The JSON Schema that editors check an inventory with as it is typed. */
export function inventoryJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(inventorySchema, { io: 'input' });
  return oneTypeEach({
    $schema,
    $id: schemaId('inventory'),
    title: 'The hosts of a fleet over ssh, for boxmark fleet run --inventory',
    ...schema,
  }) as object;
}

/** Throws a usage error that names the host and the field. */
export function readInventory(file: string): SshHost[] {
  const content = readYaml(file);
  const read = inventorySchema.safeParse(content);
  if (!read.success) throw refusal(file, content, read.error.issues);
  const folder = dirname(resolve(file));
  return named(file, read.data.hosts, folder);
}

/** Hosts written as `ssh:HOST`, several joined by commas; `HOST` as typed for ssh. Throws a usage error. */
export function directHosts(words: readonly string[]): SshHost[] {
  const entries = words
    .flatMap((word) => word.split(','))
    .map((word): HostEntry => {
      const host = word.startsWith(DIRECT) ? word.slice(DIRECT.length) : '';
      if (!hostField.safeParse(host).success) {
        throw usageError('This is no host.', word, 'ssh:HOST, with HOST as you type it for ssh');
      }
      return { host };
    });
  return named('--host', entries, process.cwd());
}

/** Each with its name and its address. Throws a usage error where two are the same. */
function named(source: string, entries: readonly HostEntry[], folder: string): SshHost[] {
  const names = new Set<string>();
  for (const [index, { name }] of entries.entries()) {
    if (name === undefined) continue;
    if (names.has(name)) throw usageError(`${source}: ${hostAt(entries, index)}: the name is taken.`, name, REMEDY);
    names.add(name);
  }
  const addresses = new Map<string, number>();
  return entries.map((entry, index): SshHost => {
    const { host, port, user, identity, config, labels = {} } = entry;
    if (user !== undefined && host.includes('@')) {
      throw usageError(`${source}: ${hostAt(entries, index)}: the user is given twice.`, `${host}, ${user}`, REMEDY);
    }
    const address = `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`;
    const first = addresses.get(address);
    if (first !== undefined) {
      const what = `${source}: ${hostAt(entries, index)} is the same as ${hostAt(entries, first)}.`;
      throw usageError(what, address, 'name each host once');
    }
    addresses.set(address, index);
    const name = entry.name ?? hostName(host.replace(/^.*@/, ''), names);
    names.add(name);
    const target = { host, port, user, identity: fileIn(folder, identity), config: fileIn(folder, config) };
    return { name, address, target, labels };
  });
}

function fileIn(folder: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  return file.startsWith('~/') ? join(homedir(), file.slice(2)) : resolve(folder, file);
}

function readYaml(file: string): unknown {
  try {
    return parseStrictYaml(readNamed(file, LIMIT_BYTES));
  } catch (error) {
    throw usageError(`The inventory can't be read: ${messageOf(error).slice(0, 300)}`, file, REMEDY);
  }
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

/** `FILE: host 2 (alpha): port: …`. */
function refusal(file: string, content: unknown, issues: readonly Issue[]): Error {
  const [issue] = issues;
  const path = issue?.path ?? [];
  const [first, index, ...rest] = path;
  const isHost = first === 'hosts' && typeof index === 'number';
  const entries = (content as { hosts?: unknown } | null)?.hosts;
  const host = isHost && Array.isArray(entries) ? [hostAt(entries as unknown[], index)] : [];
  const field = (isHost ? rest : path).map(String).join('.');
  const place = [basename(file), ...host, ...(field === '' ? [] : [field])].join(': ');
  const [key = ''] = issue?.keys ?? [];
  const hint = nearest(key, Object.keys((isHost ? hostSchema : inventorySchema).shape));
  const unknown = issue?.code === 'unrecognized_keys' ? `there is no such field${hint}` : undefined;
  const value = path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], content);
  const received = unknown === undefined ? (JSON.stringify(value) ?? 'nothing') : key;
  return usageError(`${place}: ${unknown ?? issue?.message}`, received.slice(0, 120), REMEDY);
}

/** `host 2 (alpha)`, by its name or else its host; counted from 1. */
function hostAt(entries: readonly unknown[], index: number): string {
  const { name, host } = (entries[index] ?? {}) as { name?: unknown; host?: unknown };
  const known = [name, host].find((word) => typeof word === 'string' && word !== '') as string | undefined;
  return `host ${index + 1}${known === undefined ? '' : ` (${known.slice(0, 60)})`}`;
}
