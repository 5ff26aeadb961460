/** `boxmark fleet run` and `fleet resume`: one plan on every host of a fleet, and again where it did not come to an end. */

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXIT, usageError } from '../../bench/errors.ts';
import { assertPlainFleet, FLEET_PLAN, type FleetInfo, readFleet } from '../../bench/fleet/info.ts';
import { digestOfText, type Job } from '../../bench/fleet/job.ts';
import { defaultFor, type FlagValues } from '../../bench/plan/read-flags.ts';
import { createFile } from '../../bench/session/files.ts';
import { sessionId } from '../../bench/session/info.ts';
import { directHosts, readInventory } from '../../fleet/ssh/inventory.ts';
import { sshKit } from '../../fleet/ssh/kit.ts';
import { sshTransport } from '../../fleet/ssh/transport.ts';
import { Swarm } from '../../fleet/swarm/transport.ts';
import type { Transport } from '../../fleet/transport.ts';
import { clean } from '../../reports/text.ts';
import { count } from '../../reports/words.ts';
import { quote } from '../../runners/kit/shell.ts';
import { conclude } from '../conclude.ts';
import { FleetRun } from '../fleet/fleet-run.ts';
import { FleetRecord } from '../fleet/record.ts';
import { programVersion } from '../paths.ts';
import { assertOut } from '../session/out-folder.ts';
import { parsePlan, readPlanText } from '../session/plan-file.ts';
import { recordedCall } from '../session/recorded-call.ts';
import { asCalled } from '../terminal/called-as.ts';
import { interruptSignal } from '../terminal/interrupt.ts';
import { createProgress } from '../terminal/progress.ts';
import { stderr } from '../terminal/streams.ts';
import { ownKit, ownNodeImage } from './fleet-image.ts';

type RunFlags = FlagValues<'fleet run'>;
type Common = Pick<
  RunFlags,
  'parallel' | 'atOnce' | 'socket' | 'inventory' | 'host' | 'quiet' | 'json' | 'keepGoing' | 'wait' | 'nodes'
>;

const MOST_AT_ONCE = 100_000;

export async function fleetRun(flags: RunFlags): Promise<number> {
  const plan = planIn(flags.plan ?? '');
  const out = resolve(flags.out ?? defaultFor('fleet run', 'out'));
  assertOut(out);
  return withTransport(flags, async (transport, signal) => {
    const fleet = `fleet-${sessionId(new Date())}`;
    const info: FleetInfo = {
      ...{ schema: 1, fleet, program: programVersion(), command: recordedCall().slice(0, 2000) },
      ...{ startedAt: new Date().toISOString(), finishedAt: null, transport: transport.name },
      ...{ parallel: parallelOf(flags), image: transport.image, planDigest: digestOfText(plan), hosts: [] },
    };
    const found = await transport.hosts();
    const dir = join(out, fleet);
    mkdirSync(dir);
    createFile(join(dir, FLEET_PLAN), plan);
    const record = new FleetRecord(dir, info);
    return measured({ record, transport, found, job: jobOf(info, plan, flags), flags, signal });
  });
}

/** The user names the plan again: the folder may be a stranger's, and its plan runs programs on all hosts. */
export async function fleetResume(flags: FlagValues<'fleet resume'>, folder = ''): Promise<number> {
  const dir = resolve(folder);
  assertPlainFleet(dir);
  const info = readFleet(dir);
  const plan = planIn(flags.plan ?? '');
  const digest = digestOfText(plan);
  if (digest !== info.planDigest) {
    const own = asCalled(`boxmark fleet resume ${folder} --plan ${join(folder, FLEET_PLAN)}`);
    throw usageError('This is not the plan that the fleet has measured so far.', flags.plan, own);
  }
  if (info.hosts.every(({ state }) => state === 'measured')) return ended(new FleetRecord(dir, info), flags);
  return withTransport(flags, async (transport, signal) => {
    if (transport.name !== info.transport) {
      throw usageError(
        `The fleet was measured by another transport: ${info.transport}.`,
        transport.name,
        'the same flags as before',
      );
    }
    const found = await transport.hosts();
    const record = new FleetRecord(dir, { ...info, image: transport.image, parallel: parallelOf(flags) });
    return measured({ record, transport, found, job: jobOf(info, plan, flags), flags, signal });
  });
}

interface Measuring {
  readonly record: FleetRecord;
  readonly transport: Transport;
  readonly found: Awaited<ReturnType<Transport['hosts']>>;
  readonly job: Job;
  readonly flags: Common;
  readonly signal: AbortSignal;
}

async function measured({ record, transport, found, job, flags, signal }: Measuring): Promise<number> {
  const progress = createProgress(stderr, { quiet: flags.quiet === true });
  const atOnce = Math.min(parallelOf(flags), found.length);
  progress.say(`${count(found.length, 'host')}, ${atOnce} at a time: ${record.dir}`);
  try {
    await new FleetRun({
      record,
      transport,
      job,
      parallel: parallelOf(flags),
      signal,
      say: (text) => progress.say(text),
    }).run(found);
  } catch (error) {
    if (!signal.aborted) throw error;
    record.save();
    stderr.write(`boxmark: interrupted; sessions that came back are kept. To resume: ${resumeCall(record, flags)}\n`);
    return EXIT.interrupted;
  } finally {
    progress.done();
  }
  record.finish(new Date().toISOString());
  return ended(record, flags);
}

/** What came of it, and what to do about the rest. */
function ended(record: FleetRecord, flags: Common): number {
  const { json, keepGoing } = flags;
  const { hosts } = record;
  const open = hosts.filter(({ state }) => state !== 'measured');
  const done = hosts.length - open.length;
  const lines = [
    `${done} of ${count(hosts.length, 'host')} measured.`,
    ...open.map(
      ({ name, state, reason }) => `${clean(name)}: ${state}${reason === null ? '' : `: ${clean(reason, 400)}`}`,
    ),
    ...(open.length === 0 ? [] : [`Again: ${resumeCall(record, flags)}`]),
    ...(done === 0 ? [] : [`Report: ${asCalled(`boxmark fleet report ${record.dir}`)}`]),
  ];
  const isGood = done > 0 && (open.length === 0 || keepGoing === true);
  return conclude(
    {
      json,
      document: () => ({ dir: record.dir, ...record.info }),
      text: () => `${lines.join('\n')}\n`,
      dirs: [record.dir],
    },
    isGood ? EXIT.ok : EXIT.failed,
  );
}

/** With the flags that say where the hosts are. */
function resumeCall({ dir }: FleetRecord, { inventory, host = [], nodes = {}, socket }: Common): string {
  const words = [
    ...['--plan', join(dir, FLEET_PLAN)],
    ...(inventory === undefined ? [] : ['--inventory', inventory]),
    ...host.flatMap((one) => ['--host', one]),
    ...Object.entries(nodes).flatMap(([name, value]) => ['--nodes', `${name}=${value}`]),
    ...(socket === undefined ? [] : ['--socket', socket]),
  ];
  return asCalled(`boxmark fleet resume ${[dir, ...words].map(shellWord).join(' ')}`);
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : quote(word);
}

/** The text of a plan, once it reads as one. */
function planIn(file: string): string {
  const text = readPlanText(file);
  parsePlan(text, file);
  return text;
}

function jobOf({ fleet, planDigest }: FleetInfo, plan: string, { wait }: Common): Job {
  return { fleet, planDigest, plan, flags: wait === undefined ? [] : ['--wait', `${Math.ceil(wait / 1e9)}s`] };
}

function parallelOf({ parallel, atOnce }: Common): number {
  return atOnce === true ? MOST_AT_ONCE : (parallel ?? 1);
}

/** Opens the transport that the flags name, and closes it whatever happens. */
async function withTransport(
  flags: Common,
  act: (transport: Transport, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupt = interruptSignal();
  try {
    const transport = await transportOf(flags);
    try {
      return await act(transport, interrupt.signal);
    } finally {
      await transport.close();
    }
  } finally {
    interrupt.release();
  }
}

async function transportOf({ nodes = {}, socket, inventory, host }: Common): Promise<Transport> {
  const hosts = inventory === undefined ? host && directHosts(host) : readInventory(inventory);
  if (hosts !== undefined) return sshTransport({ hosts, kit: sshKit(await ownKit()) });
  return Swarm.open({ image: await ownNodeImage(), labels: nodes, socket });
}
