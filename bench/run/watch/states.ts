/** What boxes have computed, compared with replays: boxes that agree with each other can still be wrong together. */

import { grouped } from '../../grouped.ts';
import type { BlockScope, BlockSink } from '../kind.ts';
import type { Ledger } from './ledger.ts';

/** Where a workload of a box stands. */
export interface State {
  readonly workload: string;
  readonly passes: number;
  readonly checksum: string;
}

/** A state and whose it is. */
export interface OwnState extends State {
  readonly env: string;
}

/** Those that a replay refutes, with what it gives instead. */
export async function wrongStates<S extends State>(
  states: readonly S[],
  ledger: Ledger,
): Promise<(S & { readonly expected: string })[]> {
  const wrong: (S & { readonly expected: string })[] = [];
  for (const own of grouped(states, ({ workload }) => workload)) {
    const { workload } = own[0] as S;
    const all = await ledger.expected(
      workload,
      own.map(({ passes }) => passes),
    );
    for (const [index, state] of own.entries()) {
      const expected = all[index] ?? '';
      if (state.checksum !== expected) wrong.push({ ...state, expected });
    }
  }
  return wrong;
}

/** Records those that are wrong as events of the block; gives the environments whose they are. */
export async function verifyStates(
  states: readonly OwnState[],
  ledger: Ledger,
  { block, sink }: Pick<BlockScope, 'block'> & { readonly sink: Pick<BlockSink, 'event'> },
): Promise<ReadonlySet<string>> {
  const wrong = await wrongStates(states, ledger);
  for (const { env, workload, passes, checksum, expected } of wrong) {
    sink.event({ kind: 'checksum-mismatch', env, block, workload, passes, checksum, expected });
  }
  return new Set(wrong.map(({ env }) => env));
}
