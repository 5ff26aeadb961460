/** The table of a fleet's figures, a row for each figure of each host: as a report and an export write it. */

import { VERDICTS, type Verdict } from '../types.ts';
import { column, fields, figure, matching, oneOf, ordinal, positive, Table, text } from './table.ts';

/** Facts of the host beside a figure of its session. */
export interface FleetRow {
  readonly fleet: string;
  readonly host: string;
  readonly machine: string;
  /** JSON. */
  readonly labels: string;
  readonly cpu: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly session: string;
  readonly startedAt: string;
  readonly size: string;
  readonly kernels: string;
  readonly threads: number;
  readonly margin: number;
  readonly figures: number;
  readonly env: string;
  readonly baseline: string;
  readonly workload: string;
  readonly blocks: number;
  readonly timeRatio: number;
  readonly ratioLow: number | null;
  readonly ratioHigh: number | null;
  readonly verdict: Verdict;
  readonly nsPerPass: number | null;
  readonly baselineNsPerPass: number | null;
}

export const FLEET_ROWS = new Table<Partial<FleetRow>, FleetRow>(
  'fleet.csv',
  fields<FleetRow>({
    fleet: column('fleet', text, { meaning: 'name of the fleet; empty for a folder of sessions' }),
    host: column('host', text, { meaning: 'name of the host in its fleet, else the name it has itself' }),
    machine: column('machine', matching(/^[0-9a-f]{0,64}$/, '64 hex digits'), {
      unit: '64 hex digits',
      meaning: 'digest of the hardware, without what a boot or an update changes',
    }),
    labels: column('labels', text, {
      unit: 'JSON',
      meaning: 'labels that the fleet gave the host, an object of texts',
    }),
    cpu: column('cpu', text, { meaning: 'model of the processor; empty where it is not known, like the next two' }),
    kernel: column('kernel', text, { meaning: 'release of the kernel' }),
    architecture: column('architecture', text, { meaning: 'as Node.js names it: x64, arm64' }),
    session: column('session', text, { meaning: 'name of the session' }),
    startedAt: column('started_at', text, { unit: 'RFC 3339, UTC', meaning: 'when the session began' }),
    size: column('size', text, { meaning: 'size of the data of its workloads' }),
    kernels: column('kernels', text, { meaning: 'kernel engine' }),
    threads: column('threads', ordinal, { unit: 'count', meaning: 'copies of the workload that ran at once' }),
    margin: column('margin', figure as typeof positive, {
      meaning: 'the largest difference that its verdict counts as none: 0.02 is 2 %',
    }),
    figures: column('figures', ordinal, { meaning: 'version of the rules by which the figures were computed' }),
    env: column('env', text, { meaning: 'path of the environment that is compared' }),
    baseline: column('baseline', text, { meaning: 'what env is compared with' }),
    workload: column('workload', text, {
      meaning: 'a workload, or the suite with its workloads in brackets',
      detail: 'Example: `suite (all kernels)`',
    }),
    blocks: column('blocks', ordinal, { unit: 'count', meaning: 'blocks on which the interval is based' }),
    timeRatio: column('time_ratio', positive, {
      meaning: 'time of env ÷ time of baseline on this host; above 1 takes longer',
    }),
    ratioLow: column('ratio_low', figure, { meaning: 'lower end of its interval of 95 %; empty with one block' }),
    ratioHigh: column('ratio_high', figure, { meaning: 'upper end' }),
    verdict: column('verdict', oneOf(VERDICTS), {
      meaning: 'of the session itself',
      detail: 'Untrusted ratios are in the table, and in no mean over hosts',
    }),
    nsPerPass: column('ns_per_pass', figure, {
      unit: 'ns',
      meaning: 'median over the measured bursts of env; empty for the suite',
    }),
    baselineNsPerPass: column('baseline_ns_per_pass', figure, { unit: 'ns', meaning: 'the same of baseline' }),
  }),
  (row) => row as unknown as FleetRow,
);
