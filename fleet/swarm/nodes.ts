/** The nodes of a Swarm, as its manager lists them. */

import { usageError } from '../../bench/errors.ts';
import type { FoundHost } from '../transport.ts';
import { docker } from './client.ts';

/** A node that is at another place says so by this label. */
export const SOCKET_LABEL = 'boxmark.socket';

/** As `docker node inspect` prints it; the parts that are read. */
interface Inspected {
  readonly ID: string;
  readonly Spec: { readonly Labels?: Readonly<Record<string, string>>; readonly Availability: string };
  readonly Description: {
    readonly Hostname?: string;
    readonly Platform?: { readonly Architecture?: string; readonly OS?: string };
    readonly Engine?: { readonly Labels?: Readonly<Record<string, string>> };
  };
  readonly Status: { readonly State: string; readonly Message?: string };
}

export interface Node extends FoundHost {
  /** Path of the daemon's socket there; null where no label names it. */
  readonly socket: string | null;
}

/** `LABEL=VALUE`, all of which a node must have. */
export type Wanted = Readonly<Record<string, string>>;

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  amd64: 'x64',
  aarch64: 'arm64',
  arm64: 'arm64',
};
const MOST_LABELS = 64;
const MOST_CHARS = 256;
/** Of one call: a command line has an end. */
const AT_ONCE = 500;

/** Nodes with these labels. Throws a usage error when there is none. */
export async function swarmNodes(wanted: Wanted): Promise<Node[]> {
  const ids = (await docker(['node', 'ls', '--quiet'])).split('\n').filter((id) => id !== '');
  const nodes: Node[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const text = await docker(['node', 'inspect', ...ids.slice(from, from + AT_ONCE)]);
    nodes.push(...(JSON.parse(text) as Inspected[]).map(nodeOf));
  }
  const chosen = nodes.filter(({ labels }) => Object.entries(wanted).every(([name, value]) => labels[name] === value));
  if (chosen.length > 0) return chosen.sort((a, b) => (a.name < b.name ? -1 : 1));
  const named = Object.entries(wanted).map(([name, value]) => `${name}=${value}`);
  throw usageError(
    'No node of the Swarm has these labels.',
    named.join(', ') || 'none',
    nodes
      .map(({ name }) => name)
      .slice(0, 20)
      .join(', '),
  );
}

/** The state of a node now: `ready`, `down`, `unknown`, `disconnected`. */
export async function nodeState(id: string): Promise<string> {
  return (await docker(['node', 'inspect', '--format', '{{.Status.State}}', id])).trim();
}

function nodeOf({ ID, Spec, Description, Status }: Inspected): Node {
  const { Hostname = ID, Platform = {}, Engine = {} } = Description;
  const labels = Object.fromEntries(
    Object.entries({ ...Engine.Labels, ...Spec.Labels })
      .filter(([name, value]) => name.length <= 128 && value.length <= MOST_CHARS)
      .slice(0, MOST_LABELS),
  );
  const { Architecture: machine = '' } = Platform;
  const known = Object.hasOwn(ARCHITECTURES, machine) ? ARCHITECTURES[machine] : undefined;
  const architecture = known ?? (machine === '' ? null : machine.slice(0, 32));
  return {
    name: Hostname,
    address: ID,
    labels,
    architecture,
    socket: labels[SOCKET_LABEL] ?? null,
    refused: whyNot({ state: Status.State, availability: Spec.Availability, architecture, os: Platform.OS }),
  };
}

function whyNot({
  state,
  availability,
  architecture,
  os = 'linux',
}: {
  readonly state: string;
  readonly availability: string;
  readonly architecture: string | null;
  readonly os: string | undefined;
}): string | null {
  if (state !== 'ready') return `the node is ${state}: its daemon does not answer the manager`;
  if (availability !== 'active')
    return `the node is ${availability === 'drain' ? 'drained' : `on ${availability}`}: docker node update --availability active`;
  if (os !== 'linux') return `the node runs ${os}, and Boxmark measures on Linux`;
  if (architecture !== process.arch)
    return `the node is ${architecture ?? 'of an unknown architecture'}, and the node image is for ${process.arch}`;
  return null;
}
