/** What a block of starts, or of idle instances, is given. */

import type { BlockSink } from '../run/block.ts';
import type { HostGauges } from '../run/watch/host-gauges.ts';
import type { Environment, FootprintRow, Plan } from '../types.ts';

export interface CostBlock {
  readonly plan: Plan;
  readonly block: number;
  /** By box: the environments, and the control. Boxes that were given up are absent. */
  readonly environments: ReadonlyMap<string, Environment>;
  whyAbsent(box: string): string;
  readonly gauges: HostGauges;
  readonly image: { readonly node: string; readonly payload: string };
  readonly signal: AbortSignal;
  readonly sink: Pick<BlockSink, 'start' | 'event' | 'facts' | 'pause'> & {
    footprint(row: FootprintRow): void;
  };
}
