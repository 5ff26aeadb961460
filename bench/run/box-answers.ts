/** What a box is asked for at its start, and whether its answers can be right: its image, its kernels, its first passes. */

import type { BodyOf, CommandRequest, Op } from '../payload/protocol.ts';
import { commandOf, runOf } from '../plan/commands.ts';
import { copiesOf, mostCopies } from '../plan/copies.ts';
import type { BoxFacts, CommandWorkload, Environment, Plan } from '../types.ts';
import { BoxFault, plainExcerpt } from './client.ts';

/** SHA-256 of what must run in a box; an empty digest is not checked. */
export interface BoxImage {
  readonly node: string;
  readonly payload: string;
}

/** A payload of an early version knows no copies, and would measure one. */
export function assertCopies(body: BodyOf<Op>, workload: string, plan: Plan): void {
  if (!('bursts' in body)) return;
  const threads = copiesOf(plan, workload);
  const copies = body.copies?.wallNs[0]?.length ?? 1;
  if (copies !== threads)
    throw new BoxFault('failed', `ran ${copies} of ${threads} copies: its image is of an early version`);
}

/** The digests known on the host decide, not the manifest in the box: whoever changed one could have changed both. */
export function checkImage(facts: BoxFacts, image: BoxImage): void {
  const { payload_sha256: payload = null, node_sha256: node = null, image_mismatch: files = null } = facts;
  if (image.payload !== '' && payload !== image.payload) {
    throw new BoxFault(
      'failed',
      `runs another payload than the image's: SHA-256 ${payload}, expected ${image.payload}`,
    );
  }
  if (node !== null && image.node !== '' && node !== image.node) {
    throw new BoxFault('failed', `runs another Node.js than the image's: SHA-256 ${node}, expected ${image.node}`);
  }
  if (image.payload !== '' && typeof files === 'string') {
    throw new BoxFault('failed', `runs files that are not the image's: ${files}`);
  }
}

/** What a payload has to know of the users' programs. */
export function commandsFor(plan: Plan, { slowness }: Environment): { commands?: CommandRequest[] } {
  const commands = runOf(plan).flatMap((id) => commandOf(plan, id) ?? []);
  return commands.length === 0 ? {} : { commands: commands.map((one) => requestFor(one, slowness)) };
}

/** What a payload that leads copies has to know of workloads that run as fewer of them. */
export function copiesFor(plan: Plan): { threads?: Record<string, number> } {
  const most = mostCopies(plan);
  const fewer = runOf(plan).flatMap((id): [string, number][] => {
    const threads = copiesOf(plan, id);
    return threads === most ? [] : [[id, threads]];
  });
  return fewer.length === 0 ? {} : { threads: Object.fromEntries(fewer) };
}

function requestFor(one: CommandWorkload, slowness: number): CommandRequest {
  const { id, argv, env, workdir, stdin, setup, prepare, cleanup, exit, metrics, timeoutMs } = one;
  return {
    id,
    argv: [...argv],
    env: { ...env },
    workdir,
    stdin,
    setup,
    prepare,
    cleanup,
    exit: exit && [...exit],
    timeoutMs: timeoutMs && timeoutMs * slowness,
    metrics: metrics && [...metrics],
    expect: one.expect ?? 'unknown',
    // Until a trial has found how long it runs.
    ...(one.runNs === undefined ? { timesStart: true } : {}),
  };
}

/** The kernels must be those of the plan, and the first pass must leave the stored reference, or the box computes something else. */
export function checkPrepared({ kernels = 'reference', workloads, refused = [] }: BodyOf<'prepare'>, plan: Plan): void {
  if (kernels !== plan.kernels) throw new BoxFault('failed', `runs the kernels ${kernels}, not ${plan.kernels}`);
  for (const id of runOf(plan)) {
    if (refused.some((one) => one.id === id)) continue;
    const found = workloads.find((workload) => workload.id === id);
    if (found === undefined) throw new BoxFault('failed', `did not prepare ${id}`);
    const expected = commandOf(plan, id)?.output;
    if (expected !== undefined && found.first !== expected) {
      const printed = plainExcerpt(found.excerpt ?? '');
      throw new BoxFault('failed', `${id} prints something else here than in its trial on the baseline: ${printed}`);
    }
    if (found.first !== found.reference) {
      throw new BoxFault('failed', `${id} is wrong after its first pass: ${found.first}, reference ${found.reference}`);
    }
  }
}
