/** How a box is isolated: what it reported about itself and what the host knows about it, aspect by aspect. */

import type { BoxFacts, FactValue, NamespaceKind } from '../types.ts';

/** One aspect of one box. */
export interface PostureCell {
  /** A few words: `own`, `shared with the host`, `14 of 41`. Null: unknown. */
  readonly text: string | null;
  /** Does it restrict the box more than a plain process of the host's root? Null: unknown. */
  readonly holds: boolean | null;
}

export interface PostureAspect {
  readonly id: string;
  /** Heading of the row. */
  readonly title: string;
  read(facts: BoxFacts): PostureCell;
}

export interface PostureRow {
  readonly id: string;
  readonly title: string;
  /** In the order of the environments. */
  readonly cells: readonly PostureCell[];
}

/** Devices that every program expects and that give access to nothing. */
const HARMLESS = new Set(['null', 'zero', 'full', 'random', 'urandom', 'ptmx', 'console', 'pts/ptmx']);
const UNKNOWN: PostureCell = { text: null, holds: null };

/** The aspects in the order of the matrix. */
export const POSTURE_ASPECTS: readonly PostureAspect[] = [
  {
    id: 'kernel',
    title: 'kernel',
    read: ({ host_kernel_shared: shared }) =>
      shared === undefined || shared === null
        ? UNKNOWN
        : { text: shared ? "the host's" : 'its own', holds: shared === false },
  },
  namespace('user', 'user namespace'),
  {
    id: 'uid',
    title: 'root inside, seen from outside',
    read: (facts) => {
      const first = typeof facts.uid_map === 'string' ? facts.uid_map.trim().split(' ') : [];
      if (facts.host_kernel_shared !== true) return ownKernel(facts, 'a user of its kernel');
      if (first.length < 3) return UNKNOWN;
      const outside = first[0] === '0' ? first[1] : undefined;
      if (outside === undefined) return { text: 'no root inside', holds: true };
      return { text: outside === '0' ? 'root' : `uid ${outside}`, holds: outside !== '0' };
    },
  },
  capabilities('capabilities_effective', 'capabilities, effective'),
  capabilities('capabilities_bounding', 'capabilities, bounding'),
  {
    id: 'seccomp',
    title: 'seccomp filter',
    read: ({ seccomp, seccomp_filters: filters }) => {
      const mode = numberOf(seccomp);
      if (mode === null) return UNKNOWN;
      const count = numberOf(filters);
      if (mode === 0) return { text: 'none', holds: false };
      return { text: mode === 1 ? 'strict' : `filter${count === null ? '' : `, ${count}`}`, holds: true };
    },
  },
  {
    id: 'no_new_privs',
    title: 'no new privileges',
    read: ({ no_new_privs: set }) => {
      const value = numberOf(set);
      return value === null ? UNKNOWN : { text: value === 1 ? 'yes' : 'no', holds: value === 1 };
    },
  },
  {
    id: 'label',
    title: 'AppArmor or SELinux',
    read: ({ security_label: label }) => {
      if (typeof label !== 'string' || label === '') return UNKNOWN;
      return { text: label, holds: !/^(unconfined|kernel$)|unconfined_t/.test(label) };
    },
  },
  {
    id: 'root',
    title: 'root file system',
    read: ({ root_filesystem: root }) => {
      if (typeof root !== 'string') return UNKNOWN;
      return { text: root, holds: / ro$/.test(root) };
    },
  },
  {
    id: 'devices',
    title: 'devices',
    read: (facts) => {
      if (typeof facts.devices !== 'string') return UNKNOWN;
      const all = facts.devices.split(' ').filter((name) => name !== '');
      const more = all.filter((name) => !HARMLESS.has(name));
      return { text: more.length === 0 ? `${all.length} harmless` : `${more.length} more`, holds: more.length === 0 };
    },
  },
  ...(['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const).map((kind) =>
    namespace(kind, `${wordFor(kind)} namespace`),
  ),
  {
    id: 'daemon',
    title: 'needs a daemon that runs as root',
    read: ({ engine_root_daemon: needs }) =>
      typeof needs === 'boolean' ? { text: needs ? 'yes' : 'no', holds: !needs } : UNKNOWN,
  },
  {
    id: 'digest',
    title: 'image verified by digest',
    read: ({ image_matches: matches }) =>
      typeof matches === 'boolean' ? { text: matches ? 'yes' : 'no', holds: matches } : UNKNOWN,
  },
  {
    id: 'signature',
    title: 'image verified by signature',
    read: ({ image_signature_verified: verified }) =>
      typeof verified === 'boolean' ? { text: verified ? 'yes' : 'no', holds: verified } : UNKNOWN,
  },
];

/** A row for each aspect, a cell for each box. Boxes without facts have unknown cells. */
export function postureRows(boxes: readonly (BoxFacts | null)[]): PostureRow[] {
  return POSTURE_ASPECTS.map(({ id, title, read }) => ({
    id,
    title,
    cells: boxes.map((facts) => (facts === null ? UNKNOWN : read(facts))),
  }));
}

/** How many aspects restrict a box, of those that are known. A count, not a measure of safety: aspects differ in weight. */
export function postureCount(facts: BoxFacts): { readonly holds: number; readonly told: number } {
  const cells = POSTURE_ASPECTS.map(({ read }) => read(facts)).filter(({ holds }) => holds !== null);
  return { holds: cells.filter(({ holds }) => holds === true).length, told: cells.length };
}

function wordFor(kind: string): string {
  return kind === 'mnt' ? 'mount' : kind;
}

/** Own or shared, by the numbers that the kernel gives them; a box with its own kernel shares none. */
function namespace(kind: NamespaceKind, title: string): PostureAspect {
  return {
    id: `namespace_${kind}`,
    title,
    read: (facts) => {
      if (facts.host_kernel_shared !== true) return ownKernel(facts, 'own kernel');
      const [own, host] = [facts[`namespace_${kind}`], facts[`host_namespace_${kind}`]];
      if (typeof own !== 'string' || typeof host !== 'string') return UNKNOWN;
      return own === host ? { text: "the host's", holds: false } : { text: 'own', holds: true };
    },
  };
}

function ownKernel({ host_kernel_shared: shared }: BoxFacts, text: string): PostureCell {
  return shared === false ? { text, holds: true } : UNKNOWN;
}

/** Of a box with its own kernel they are powers over that kernel only. */
function capabilities(fact: 'capabilities_effective' | 'capabilities_bounding', title: string): PostureAspect {
  return {
    id: fact,
    title,
    read: (facts) => {
      const mask = facts[fact];
      if (typeof mask !== 'string' || !/^[0-9a-f]{1,16}$/.test(mask)) return UNKNOWN;
      const count = BigInt(`0x${mask}`).toString(2).replaceAll('0', '').length;
      const own = facts.host_kernel_shared === false;
      return { text: `${count === 0 ? 'none' : count}${own ? ', of its kernel' : ''}`, holds: own || count === 0 };
    },
  };
}

function numberOf(value: FactValue | undefined): number | null {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' ? number : null;
}
