/** Workloads that boxes can't run, which have no figures there: the reader must know why. */

import type { BlockScope, BlockSink } from './kind.ts';
import type { Resident } from './resident.ts';

/** Of a whole run: what a box refuses in every block is recorded once. */
export class Refusals {
  readonly #known = new Set<string>();

  note(
    { box, refused }: Pick<Resident, 'box' | 'refused'>,
    { block, sink }: Pick<BlockScope, 'block'> & { readonly sink: Pick<BlockSink, 'event'> },
  ): void {
    for (const [workload, reason] of refused) {
      const key = `${workload} ${box}`;
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      sink.event({ kind: 'workload-refused', env: box, block, workload, reason });
    }
  }
}
