/** The layer `slow:2%`: makes the payload below do a stated share of extra work, a known truth that tests the measurement. */

import * as z from 'zod';
import type { Box, Prepared, Probe, Runner } from '../../../bench/types.ts';
import { defineSettings, harmless, percentage } from '../../stack/settings.ts';

export const slow: Runner = slowBy(undefined);

function slowBy(share: number | undefined): Runner {
  return {
    name: 'slow',
    kind: 'process',
    summary: 'known truth: the box below, whose payload does a stated share of extra passes',
    needs: { privileges: 'none', commands: [] },
    holds: false,
    guestKernel: false,
    transparent: true,
    settings: defineSettings({
      layer: 'slow',
      schema: z.strictObject({ extra: percentage(1).describe('extra passes, as a share of the payload’s own') }),
      examples: { extra: '2%' },
      risks: { extra: harmless },
      bare: 'extra',
      bind: ({ extra }) => slowBy(extra),
    }),
    probe: async (): Promise<Probe> =>
      share === undefined
        ? { available: false, reason: 'no slowdown given', remedy: 'slow:2%' }
        : { available: true, version: 'built in', labels: [labelOf(share)] },
    prepare: async (): Promise<Prepared> => ({
      labels: [labelOf(share ?? 0)],
      version: 'built in',
      slowness: 1 + (share ?? 0),
      dispose: async () => {},
    }),
    open: async (parent) => slowBox(parent, share ?? 0),
  };
}

/** The share is on the payload's command line, which works in every kind of box and changes none of its bytes. */
function slowBox(parent: Box, share: number): Box {
  return {
    ...parent,
    path: `${parent.path}/slow`,
    spawn: (argv, options) => parent.spawn(share === 0 ? argv : [...argv, `--slow=${share}`], options),
    close: async () => {},
  };
}

function labelOf(share: number): string {
  return `known truth: +${Number((share * 100).toPrecision(6))} %`;
}
