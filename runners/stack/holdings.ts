/** Memory that a started environment holds: proportional set sizes of its processes, and what its group is charged. */

import { existsSync, readFileSync } from 'node:fs';
import type { Holdings } from '../../bench/types.ts';
import { type HostProcess, listProcesses } from '../host/processes.ts';
import { bearsToken } from './accounting.ts';

export interface HoldingsQuery {
  /** The outermost command on the host, which the others descend from where no daemon started them. */
  readonly pid: number | undefined;
  /** Unique argument on the command line of the payload, or of its machine. */
  readonly token: string;
  /** Group of the box, when the runner knows it. */
  readonly cgroup: string | undefined;
  /** What that group is charged with. */
  readonly cgroupBytes: number | undefined;
}

/** Processes count that are in the box's group, descend from its command, or carry its token. Others of its engine don't. */
export function holdingsOf({ pid, token, cgroup, cgroupBytes }: HoldingsQuery): Holdings {
  const all = processesWith(token);
  const own = new Set<number>();
  for (const found of all)
    if (found.pid === pid || isIn(found, cgroup) || bearsToken(found.argv, token)) own.add(found.pid);
  const children = new Map<number, number[]>();
  for (const { pid: child, parent } of all) children.set(parent, [...(children.get(parent) ?? []), child]);
  for (const parent of own) for (const child of children.get(parent) ?? []) own.add(child); // A set grows while it is walked.
  const sizes = [...own].map(sizesOf);
  const known = sizes.filter((size) => size !== null);
  return {
    ...(known.length === 0 || known.length < sizes.length
      ? {}
      : {
          pssBytes: known.reduce((sum, { pssBytes }) => sum + pssBytes, 0),
          rssBytes: known.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
        }),
    ...(cgroupBytes === undefined ? {} : { cgroupBytes }),
  };
}

function isIn({ cgroups }: HostProcess, cgroup: string | undefined): boolean {
  return cgroup !== undefined && cgroups.some((path) => path.endsWith(cgroup) || path.includes(`${cgroup}/`));
}

/** A hundred instances are weighed at one moment, and a listing reads all of /proc. */
const LISTING_MS = 250;
let listing: { readonly atMs: number; readonly processes: readonly HostProcess[] } | undefined;

/** A listing that is young enough and has a living process with the token: it may have been made before this box began. */
function processesWith(token: string): readonly HostProcess[] {
  const has = (processes: readonly HostProcess[]) =>
    processes.some(({ pid, argv }) => bearsToken(argv, token) && existsSync(`/proc/${pid}`));
  const isYoung = listing !== undefined && performance.now() - listing.atMs <= LISTING_MS;
  if (listing === undefined || !isYoung || !has(listing.processes)) {
    const processes = listProcesses();
    // From the end of the listing on: what started while it was made may be missing from it.
    listing = { atMs: performance.now(), processes };
  }
  return listing.processes;
}

interface Sizes {
  /** Its own pages and its share of those that others map too. */
  readonly pssBytes: number;
  readonly rssBytes: number;
}

/** Null when they may not be read. */
function sizesOf(pid: number): Sizes | null {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const [rss, pss] = ['Rss', 'Pss'].map((name) => new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]);
    return rss === undefined || pss === undefined
      ? null
      : { pssBytes: Number(pss) * 1024, rssBytes: Number(rss) * 1024 };
  } catch (error) {
    // One that has ended holds nothing.
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ESRCH' || code === 'ENOENT' ? { pssBytes: 0, rssBytes: 0 } : null;
  }
}
