/** One side of a comparison: the sessions behind a path, read one by one, and those that can't take part. */

import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { figuresOf, type SessionFigures } from '../../bench/analysis/figures.ts';
import { flagRemark, machineOf } from '../../bench/box/machine.ts';
import { BoxmarkError, EXIT, usageError } from '../../bench/errors.ts';
import { kindFigures } from '../../bench/kinds/stored-figures.ts';
import { inShort, isOneSuite, isSuite } from '../../bench/plan/suite.ts';
import { checkSession } from '../../bench/session/check.ts';
import { digestOfStored, isTableThere } from '../../bench/session/compressed.ts';
import { Copies } from '../../bench/session/copies.ts';
import { designText } from '../../bench/session/design.ts';
import { sessionFolders } from '../../bench/session/find.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { openSession, readSessionInfo } from '../../bench/session/load.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { watchSamples } from '../../bench/session/sound.ts';
import { type KeptFigures, keptFigures } from '../kept/figures.ts';
import { hostDifferences } from './hosts.ts';

export interface StoredSession extends SessionFigures {
  readonly dir: string;
  /** Of the manifest or, without one, of the rows: copies have the same. */
  readonly digest: string;
}

export interface LeftOut {
  readonly dir: string;
  readonly why: string;
}

export interface Sides {
  readonly baseline: readonly StoredSession[];
  readonly candidate: readonly StoredSession[];
  readonly leftOut: readonly LeftOut[];
  /** For the reader: what was found that does not keep a session out. */
  readonly remarks: readonly string[];
}

/**
 * Reads both sides and keeps what can be compared: the same kind of measurement, size, kernels, threads and baseline environment, and,
 * unless hosts may differ, the same hardware. A session that is on both sides is the candidate's, and of copies the first counts. Throws a usage error when
 * nothing is left, with code 5 when that is for the hardware.
 */
export async function readSides(
  baselinePath: string,
  candidatePath: string,
  options: { readonly allowDifferentHosts: boolean },
): Promise<Sides> {
  const leftOut: LeftOut[] = [];
  const remarks: string[] = [];
  const copies = new Copies();
  const kept = keptFigures();
  const readAll = (dirs: readonly string[]) => readEach(dirs, { kept, leftOut, remarks });
  const candidates = withoutCopies(await readAll(sessionFolders(candidatePath)), copies, leftOut);
  const own = new Set(candidates.map(({ dir }) => realpathSync(dir)));
  const others = sessionFolders(baselinePath).filter((dir) => !own.has(realpathSync(dir)));
  if (others.length === 0) throw usageError('Baseline and candidate are the same session.', baselinePath);
  const baselines = withoutCopies(await readAll(others), copies, leftOut);
  const [newest] = candidates.slice(-1);
  if (newest === undefined) throw nothingLeft(candidatePath, leftOut);
  const alike = (one: StoredSession) => designText(one.info) === designText(newest.info);
  const candidate = sift(candidates, alike, `it is not of the design ${designText(newest.info)}`, leftOut);
  const comparable = sift(baselines, alike, `it is not of the design ${designText(newest.info)}`, leftOut);
  if (comparable.length === 0) throw nothingLeft(baselinePath, leftOut);
  if (options.allowDifferentHosts) return { ...named(comparable, candidate, remarks), leftOut, remarks };
  const machine = machineOf(newest.info.host);
  const isHere = ({ info }: StoredSession) => machineOf(info.host) === machine;
  const strange = candidate.find((one) => !isHere(one));
  if (strange !== undefined) throw otherHardware(strange.info, newest.info);
  const baseline = sift(comparable, isHere, 'its hardware is not that of the candidate', leftOut);
  const [other] = comparable.slice(-1);
  if (baseline.length === 0 && other !== undefined) throw otherHardware(other.info, newest.info);
  const flags = baseline.map(({ info }) => flagRemark(info.host.hardware, newest.info.host.hardware));
  remarks.push(...new Set(flags.filter((remark) => remark !== null)));
  return { ...named(baseline, candidate, remarks), leftOut, remarks };
}

/** Both sides, with their suite in short where all sessions have the same. */
function named(
  baseline: readonly StoredSession[],
  candidate: readonly StoredSession[],
  remarks: string[],
): Pick<Sides, 'baseline' | 'candidate'> {
  if (isOneSuite([...baseline, ...candidate].flatMap((session) => session.ratios))) {
    const shorten = (session: StoredSession) => ({ ...session, ratios: inShort(session.ratios) });
    return { baseline: baseline.map(shorten), candidate: candidate.map(shorten) };
  }
  const [before, after] = [suitesOf(baseline), suitesOf(candidate)];
  if (before !== after) remarks.push(`The sides have different suites, which are not compared: ${before}; ${after}`);
  return { baseline, candidate };
}

interface Reading {
  readonly kept: KeptFigures;
  readonly leftOut: LeftOut[];
  readonly remarks: string[];
}

/** One at a time: only figures are kept, not the bursts behind them. A session among others may be broken. */
async function readEach(dirs: readonly string[], { kept, leftOut, remarks }: Reading): Promise<StoredSession[]> {
  const sessions: StoredSession[] = [];
  for (const dir of dirs) {
    try {
      const figures = await readOne(dir, kept, remarks);
      if (figures === null) {
        leftOut.push({ dir, why: 'it has no whole block' });
        continue;
      }
      for (const { env, workload } of figures.untrusted) {
        remarks.push(`${dir}: ${env} on ${workload} is untrusted and left out`);
      }
      sessions.push({ ...figures, dir, digest: sealOf(dir) ?? rowsDigest(dir) });
    } catch (error) {
      if (dirs.length === 1 || !(error instanceof BoxmarkError)) throw error;
      leftOut.push({ dir, why: error.what });
    }
  }
  kept.close();
  return sessions;
}

/** Null for a session without figures. What its check finds goes to the remarks. */
async function readOne(dir: string, kept: KeptFigures, remarks: string[]): Promise<SessionFigures | null> {
  const known = kept.read(dir);
  if (known !== null) return { ...known, info: readSessionInfo(dir) };
  const opened = openSession(dir);
  const watched = watchSamples(dir, opened.info.session);
  const session = { ...opened, samples: [...watched.samples] };
  const figures = session.info.plan.measure === undefined ? figuresOf(session) : kindFigures(session);
  if (figures.times.length === 0 && figures.ratios.length === 0) return null;
  const [finding] = (await checkSession(dir, watched.result())).findings;
  const { info: _, ...own } = figures;
  if (finding === undefined) kept.keep(dir, own);
  else remarks.push(`${dir}: ${finding.file}: ${finding.problem}`);
  return figures;
}

/** By name, and by digest. */
function withoutCopies(sessions: readonly StoredSession[], copies: Copies, leftOut: LeftOut[]): StoredSession[] {
  return sessions.filter(({ dir, info, digest }) => {
    const why = copies.whyLeftOut(dir, [`session ${info.session}`, `digest ${digest}`]);
    if (why !== null) leftOut.push({ dir, why });
    return why === null;
  });
}

/** Of bursts, or of starts where nothing else was measured. */
function rowsDigest(dir: string): string {
  const samples = join(dir, 'samples.csv');
  return digestOfStored(isTableThere(samples) ? samples : join(dir, 'starts.csv'));
}

function suitesOf(sessions: readonly StoredSession[]): string {
  const names = sessions.flatMap(({ ratios }) => ratios.map(({ workload }) => workload)).filter(isSuite);
  return [...new Set(names)].sort().join(', ') || 'none';
}

function sift(
  sessions: readonly StoredSession[],
  fits: (session: StoredSession) => boolean,
  why: string,
  leftOut: LeftOut[],
): StoredSession[] {
  for (const session of sessions) if (!fits(session)) leftOut.push({ dir: session.dir, why });
  return sessions.filter(fits);
}

function nothingLeft(path: string, leftOut: readonly LeftOut[]): BoxmarkError {
  const [first] = leftOut.slice(-1);
  return usageError(
    `No session is left to compare${first === undefined ? '' : `: ${first.why.replace(/\.$/, '')}`}.`,
    first?.dir ?? path,
    'sessions that measured the same, with the same size, kernels, threads and baseline',
  );
}

function otherHardware(before: SessionInfo, after: SessionInfo): BoxmarkError {
  const differing = hostDifferences(before, after).filter(({ part }) => part === 'hardware');
  const named = differing.slice(0, 3).map((one) => `${one.what} ${one.before} and ${one.after}`);
  return new BoxmarkError(
    {
      what: `The sessions are of different hardware: ${named.join('; ') || 'their fingerprints differ'}.`,
      value: `${before.session} and ${after.session}`,
      remedy: 'sessions of one machine, or --allow-different-hosts',
    },
    EXIT.unfit,
  );
}
