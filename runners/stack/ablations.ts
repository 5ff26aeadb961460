/** What settings that several layers take can take away or exchange, one part each: the steps of `explain`. */

import type { Ablation } from '../../bench/types.ts';

export const ABLATIONS = {
  memory: { part: 'memory limit', settings: { memory: 'none' }, kind: 'removes' },
  network: { part: 'network namespace', settings: { network: 'host' }, kind: 'removes' },
  seccomp: { part: 'seccomp filter', settings: { seccomp: 'unconfined' }, kind: 'removes' },
  userns: { part: 'a user namespace as well', settings: { userns: 'yes' }, kind: 'exchanges' },
  quota: { part: 'a quota of one CPU as well', settings: { cpus: '1' }, kind: 'exchanges' },
} satisfies Readonly<Record<string, Ablation>>;
