/** The whole check of a session: its files first, then its figures from its rows. */

import { CHANGED, type CheckResult, checkSession, type Finding } from '../session/check.ts';
import type { StopReason } from '../session/info.ts';
import { loadSession, readSessionInfo } from '../session/load.ts';
import { sealOf } from '../session/seal.ts';
import type { AllowedKey } from '../session/signature/public-keys.ts';
import { SIGNATURE_FILE, type SignatureState, signatureOf } from '../session/signature/session-signature.ts';
import type { SoundSamples } from '../session/sound.ts';
import { count } from '../units.ts';
import { recheck } from './recheck.ts';

export interface WholeCheck extends CheckResult {
  /** False: the session is damaged, or has too many rows to hold at once. */
  readonly recomputed: boolean;
  readonly seal: string | null;
  readonly signature: SignatureState;
  /** Of an anonymised copy: the seal of the session that it was made of. */
  readonly copyOf: string | null;
}

/** What a reader of figures must know of the files behind them. */
export interface Integrity {
  /** SHA-256 of the manifest; null while there is none. */
  readonly seal: string | null;
  /** Why the figures can't be relied on, a sentence each, without its full stop; none when the session is complete and its check passes. */
  readonly faults: readonly string[];
}

/** Of figures that come from no folder. */
export const NO_FILES: Integrity = { seal: null, faults: [] };

/** All its rows are in memory at once when figures are computed from them. */
const MOST_ROWS = 300_000;
/** One finding often causes others. */
const MOST_FAULTS = 3;
/** Ends that are not the plan's. A session that runs has no manifest yet. */
const ENDED_EARLY: readonly StopReason[] = ['interrupted', 'failed'];

/**
 * Throws like `checkSession`. A session that is damaged can't be recomputed. `keys`: one of them must have signed it; null
 * when it does not matter who has. `known`: what was found while the bursts were read.
 */
export async function checkWhole(
  dir: string,
  keys: readonly AllowedKey[] | null = null,
  known: SoundSamples | null = null,
): Promise<WholeCheck> {
  const result = await checkSession(dir, known);
  const isReadable = result.findings.every(({ problem }) => problem === CHANGED);
  const recomputed = isReadable && result.samples <= MOST_ROWS;
  const wrong = recomputed ? recheck(await loadSession(dir)) : [];
  const signature = signatureOf(dir, keys);
  const copyOf = isReadable ? (readSessionInfo(dir).anonymised?.seal ?? null) : null;
  const unsigned = signature.problem === null ? [] : [{ file: SIGNATURE_FILE, problem: signature.problem }];
  return {
    ...result,
    findings: [...unsigned, ...result.findings, ...wrong],
    recomputed,
    seal: sealOf(dir),
    signature,
    copyOf,
  };
}

/** Checks the files of a session. Throws a usage error where `dir` is none. `known` as for `checkWhole`. */
export async function integrityOf(dir: string, known: SoundSamples | null = null): Promise<Integrity> {
  const { seal, findings } = await checkWhole(dir, null, known);
  const { faults } = integrityAtEnd(dir, readSessionInfo(dir).stopReason);
  // Without a manifest, what is written at the end is missing with it.
  const found = findings.filter(({ problem }) => seal !== null || problem !== 'is missing');
  return { seal, faults: [...faults, ...found.slice(0, MOST_FAULTS).map(faultOf), ...moreOf(found)] };
}

/** Of a session that was just written and needs no check. */
export function integrityAtEnd(dir: string, stopReason: StopReason): Integrity {
  const seal = sealOf(dir);
  const faults = [
    ...(ENDED_EARLY.includes(stopReason) ? [`The session did not come to its own end: ${stopReason}`] : []),
    ...(seal === null ? ['The session has no manifest: it is still running, or was cut off'] : []),
  ];
  return { seal, faults };
}

function faultOf({ file, problem }: Finding): string {
  return `The check of the session fails: ${file}: ${problem}`;
}

function moreOf({ length }: readonly Finding[]): string[] {
  const more = length - MOST_FAULTS;
  return more > 0 ? [`The check of the session has ${count(more, 'more finding')}`] : [];
}
