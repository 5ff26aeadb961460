/** `boxmark fleet collect`: sessions of many hosts, from logs, archives and folders, in the folder of a fleet. */

import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import {
  assertPlainFleet,
  FLEET_HOSTS,
  FLEET_PLAN,
  type FleetInfo,
  hostName,
  isFleet,
  readFleet,
} from '../../bench/fleet/info.ts';
import { digestOfText } from '../../bench/fleet/job.ts';
import { makeFolders } from '../../bench/folders.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { writtenPlan } from '../../bench/plan/written-plan.ts';
import { isPartial, replaceFile } from '../../bench/session/files.ts';
import { readSessionInfo } from '../../bench/session/load.ts';
import { clean, neutral } from '../../reports/text.ts';
import { count } from '../../reports/words.ts';
import { removeTree } from '../../runners/kit/remove.ts';
import { conclude } from '../conclude.ts';
import { Collector, type Outcome } from '../fleet/collector.ts';
import { readLog } from '../fleet/read-logs.ts';
import { FleetRecord } from '../fleet/record.ts';
import { type Source, sourcesAt } from '../fleet/sources.ts';
import { programVersion } from '../paths.ts';
import { parsePlan, readPlanText } from '../session/plan-file.ts';
import { recordedCall } from '../session/recorded-call.ts';

/** More would hide what they have in common; `--json` has all. */
const MOST_SHOWN = 50;
const MOST_CALL_CHARS = 1000;
const UNKNOWN_PLAN = '0'.repeat(64);

type Flags = FlagValues<'fleet collect'>;

export async function fleetCollect(flags: Flags, ...paths: readonly string[]): Promise<number> {
  const dir = resolve(flags.out ?? '');
  const plan = planAt(flags.plan);
  const sources = sourcesAt(paths, flags.name ?? []);
  const record = openFleet(dir, plan);
  const known = record.info.planDigest === UNKNOWN_PLAN ? null : record.info.planDigest;
  const collector = new Collector(record, known);
  try {
    await adopt(collector, record);
    for (const source of sources) await take(collector, source);
  } finally {
    record.plan(collector.planDigest ?? planOfFirst(record) ?? UNKNOWN_PLAN);
    record.finish(new Date().toISOString());
  }
  return concludeWith(collector.outcomes, record, flags);
}

async function take(collector: Collector, { kind, ...source }: Source): Promise<void> {
  if (kind !== 'log') return collector.take(kind, source.path, source.name);
  try {
    await readLog(collector, { kind, ...source });
  } catch (error) {
    throw usageError(`The log can't be read: ${messageOf(error)}.`, source.path, 'a file that you may read');
  }
}

/** Its text, once it reads as a plan. */
function planAt(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const text = readPlanText(file);
  parsePlan(text, file);
  return text;
}

/** The fleet that is there, or a new one. Throws a usage error where it measured another plan. */
function openFleet(dir: string, plan: string | undefined): FleetRecord {
  const digest = plan === undefined ? undefined : digestOfText(plan);
  assertPlainFleet(dir);
  const before = isFleet(dir) ? readFleet(dir) : undefined;
  if (before === undefined && existsSync(dir) && readdirSync(dir).length > 0) {
    throw usageError(
      'This folder has other files in it, and no fleet.',
      dir,
      'a new folder, or one of a fleet, with -o',
    );
  }
  if (digest !== undefined && before !== undefined && ![digest, UNKNOWN_PLAN].includes(before.planDigest)) {
    throw usageError('The fleet there measured another plan.', dir, 'a new folder, with -o');
  }
  try {
    makeFolders(join(dir, FLEET_HOSTS));
    const record = new FleetRecord(dir, before ?? newFleet(dir));
    if (plan !== undefined && digest !== undefined) {
      replaceFile(join(dir, FLEET_PLAN), plan);
      record.plan(digest);
    }
    return record;
  } catch (error) {
    throw usageError(`The folder can't be written to: ${messageOf(error)}.`, dir, 'another one, with -o');
  }
}

function newFleet(dir: string): FleetInfo {
  return {
    ...{ schema: 1, fleet: hostName(basename(dir), new Set()), program: programVersion(), command: callText() },
    ...{ startedAt: new Date().toISOString(), finishedAt: null, transport: 'collected', parallel: 1, image: null },
    ...{ planDigest: UNKNOWN_PLAN, hosts: [] },
  };
}

/** A shell expands `*.log` to thousands of names. */
function callText(): string {
  const call = recordedCall();
  return call.length > MOST_CALL_CHARS ? `${call.slice(0, MOST_CALL_CHARS)}…` : call;
}

/** Sessions that an interrupted collection put there and did not note, and what it had half unpacked. */
async function adopt(collector: Collector, record: FleetRecord): Promise<void> {
  const noted = new Set(record.hosts.map(({ session }) => session));
  const hosts = join(record.dir, FLEET_HOSTS);
  for (const host of readdirSync(hosts)) {
    const folder = join(hosts, host);
    if (isPartial(host)) await removeTree(folder);
    else if (host.startsWith('.')) continue;
    else {
      for (const session of readdirSync(folder)) {
        if (!noted.has([FLEET_HOSTS, host, session].join('/'))) await collector.adopt(host, session);
      }
    }
  }
}

/** Without a log nothing says which plan was measured: the one of the first session is written down. */
function planOfFirst(record: FleetRecord): string | null {
  const first = record.hosts.find(({ session }) => session !== null)?.session;
  if (first === undefined || first === null) return null;
  const text = stringify(writtenPlan(readSessionInfo(join(record.dir, first)).plan), { lineWidth: 0 });
  replaceFile(join(record.dir, FLEET_PLAN), text);
  return digestOfText(text);
}

function concludeWith(outcomes: readonly Outcome[], record: FleetRecord, { json }: Flags): number {
  const missing = outcomes.filter(({ state }) => state !== 'measured' && state !== 'known');
  const arrived = outcomes.length - missing.length;
  return conclude(
    {
      json,
      document: () => ({ fleet: record.info.fleet, dir: record.dir, arrived, missing: missing.length, outcomes }),
      text: () => {
        const lines = missing
          .slice(0, MOST_SHOWN)
          .map(({ host, state, words }) => `${host}: ${state}: ${clean(words)}`);
        const more = missing.length > MOST_SHOWN ? [`and ${missing.length - MOST_SHOWN} more (--json lists them)`] : [];
        const again = outcomes.filter(({ state }) => state === 'known').length;
        const known = again === 0 ? '' : `, ${again} of them here already`;
        const last = `${count(arrived, 'session')} arrived${known}, ${missing.length} did not`;
        return `${[...lines, ...more, last, `Fleet: ${neutral(record.dir)}`].join('\n')}\n`;
      },
    },
    missing.length === 0 ? EXIT.ok : EXIT.failed,
  );
}
