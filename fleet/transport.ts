/** What carries a plan to hosts and their sessions back. Each transport lists its hosts and runs a job on one of them. */

import type { TransportName } from '../bench/fleet/info.ts';
import type { Job } from '../bench/fleet/job.ts';

/** A host as its transport knows it. */
export interface FoundHost {
  /** As people name it. */
  readonly name: string;
  /** As the transport does; unique. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As Node.js names it (`x64`, `arm64`); null while unknown. */
  readonly architecture: string | null;
  /** Why nothing can be measured there now, and what to do; null when it can. */
  readonly refused: string | null;
}

/**
 * How a job ended: `ended` when its program did, whatever it said in its lines; `lost` when nothing more will come;
 * `refused` when it could not begin there.
 */
export type JobEnd =
  | { readonly how: 'ended'; readonly exitCode: number | null }
  | { readonly how: 'lost' | 'refused'; readonly reason: string };

export interface Transport {
  readonly name: TransportName;
  /** Id of the node image; null where none is used. */
  readonly image: string | null;
  /** All hosts that were asked for, those that can't be measured included. Throws `BoxmarkError` when there are none. */
  hosts(): Promise<readonly FoundHost[]>;
  /**
   * Runs the job there, and gives each line of its standard output as it comes. An abort ends the job there too, and leaves
   * nothing behind. Never rejects but for an abort.
   */
  run(host: FoundHost, job: Job, onLine: (line: string) => void, signal: AbortSignal): Promise<JobEnd>;
  /** Removes whatever it made. */
  close(): Promise<void>;
}
