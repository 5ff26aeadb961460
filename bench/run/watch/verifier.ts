/** The process that reckons states again, outside all timing: started when it is first asked, kept for the session. */

import { suiteOf } from '../../plan/suite.ts';
import type { Environment, Plan, Started } from '../../types.ts';
import { connect } from '../client.ts';
import type { Replay } from './ledger.ts';

export interface Verifier {
  readonly replay: Replay;
  close(): Promise<void>;
}

/** `environment` is where it runs: on the CPUs that nothing is measured on. */
export function lazyVerifier(environment: Environment, plan: Plan, signal: AbortSignal): Verifier {
  let opened: Promise<{ started: Started; client: Awaited<ReturnType<typeof connect>> }> | undefined;
  const limitMs = plan.timeoutMs * 10;
  async function open() {
    const started = await environment.start('verifier', signal);
    const client = await connect(started.process, limitMs, signal);
    // Only kernels need a memory to be reckoned in; what the system must answer follows from the number of passes.
    await client.request('prepare', { size: plan.size, kernels: plan.kernels, workloads: [...suiteOf(plan)] }, limitMs);
    return { started, client };
  }
  return {
    async replay(workload, passes) {
      opened ??= open();
      const { client } = await opened;
      return (await client.request('replay', { size: plan.size, workload, passes: [...passes] }, limitMs)).body
        .checksums;
    },
    async close() {
      const it = await opened?.catch(() => undefined);
      await it?.started.close();
    },
  };
}
