/** The layer `quota:50%`: limits the payload's cgroup to a share of one CPU, a known truth for sustained ratios. */

import * as z from 'zod';
import { BoxmarkError, messageOf } from '../../../bench/errors.ts';
import type { Box, Prepared, Probe, Runner } from '../../../bench/types.ts';
import { shareGroup } from '../../cgroup/group.ts';
import { defineSettings, harmless, percentage } from '../../stack/settings.ts';

export const quota: Runner = quotaOf(undefined);

function quotaOf(share: number | undefined): Runner {
  return {
    name: 'quota',
    kind: 'process',
    summary: 'known truth: the box below, held to a stated share of one CPU',
    needs: { privileges: 'none', commands: [] },
    holds: false,
    guestKernel: false,
    transparent: true,
    settings: defineSettings({
      layer: 'quota',
      schema: z.strictObject({ cpu: percentage(1).describe('share of one CPU in each period of 100 ms') }),
      examples: { cpu: '50%' },
      risks: { cpu: harmless },
      bare: 'cpu',
      bind: ({ cpu }) => quotaOf(cpu),
    }),
    probe: (parent) => probe(parent, share),
    prepare: async (): Promise<Prepared> => ({
      labels: [labelOf(share ?? 1)],
      traits: { quotaAsked: true },
      version: 'built in',
      slowness: 1 / (share ?? 1),
      dispose: async () => {},
    }),
    open: async (parent) => {
      try {
        shareGroup(parent.cgroup, { quota: share ?? 1 });
      } catch (error) {
        throw new BoxmarkError({ what: `No CPU quota can be set: ${messageOf(error)}`, value: parent.path });
      }
      return { ...parent, path: `${parent.path}/quota`, close: async () => {} };
    },
  };
}

/** Sets the quota on the group of a real box of the kind below. */
async function probe(parent: Box, share: number | undefined): Promise<Probe> {
  if (share === undefined) return { available: false, reason: 'no share of a CPU given', remedy: 'quota:50%' };
  try {
    shareGroup(parent.cgroup, { quota: share });
    return { available: true, version: 'built in', labels: [labelOf(share)] };
  } catch (error) {
    return {
      available: false,
      reason: `no CPU quota can be set on ${parent.path}: ${messageOf(error)}`,
      remedy: 'run as root where the cpu controller can be written, or native/quota:50%',
    };
  }
}

function labelOf(share: number): string {
  return `known truth: CPU quota of ${Number((share * 100).toPrecision(6))} %`;
}
