/** Signs of life of a session: a small file beside its tables, replaced between rounds, and what a reader learns from it. */

import { readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { partialName, readRegular } from './files.ts';
import type { SessionInfo } from './info.ts';
import { readSessionInfo } from './load.ts';
import { hasOwner, startTicks } from './owner.ts';

/** In the folder of a session that is being measured, or whose process was ended. */
export const HEARTBEAT = 'heartbeat.json';
const LIMIT_BYTES = 4096;

const beatSchema = z.object({
  schema: z.literal(1),
  at: z.string().refine((at) => Number.isFinite(Date.parse(at)), 'no time'),
  host: z.string().max(256),
  bootId: z.string().max(64),
  /** Process ids mean nothing outside their namespace. */
  pidNamespace: z.string().max(64),
  /** Since boot, which no setting of the clock changes. */
  upMs: z.number().min(0),
  pid: z.number().int().min(1),
  startTicks: z.string().max(32),
  /** What is being done, for a reader. */
  doing: z.string().max(200),
  block: z.number().int().min(0),
  /** Of the whole session, 0 to 1. */
  fraction: z.number().min(0).max(1),
  /** The next sign of life comes no later than this. */
  dueMs: z.number().min(0),
});
export type Beat = z.infer<typeof beatSchema>;

/** What a sign of life says. */
export type Doing = Pick<Beat, 'doing' | 'block' | 'fraction'>;

const LEAST_DUE_MS = 60_000;
/** Times the longest pause between two signs of life so far. */
const TIMES = 10;

/** Of one session that is being measured. Never throws: a full disk is found by those who write rows. */
export class Heartbeat {
  readonly #file: string;
  readonly #self: Pick<Beat, 'schema' | 'host' | 'bootId' | 'pidNamespace' | 'pid' | 'startTicks'>;
  readonly #mostMs: number;
  #lastMs: number | undefined;
  #longestMs = 0;
  #blocks = new Set<number>();

  /** @param mostMs how long one step may take by the plan, ms */
  constructor(dir: string, mostMs: number) {
    const { pid } = process;
    this.#file = join(dir, HEARTBEAT);
    this.#mostMs = mostMs;
    const [host, ticks] = [hostname(), startTicks(pid) ?? ''];
    this.#self = { schema: 1, host, bootId: bootId(), pidNamespace: pidNamespace(), pid, startTicks: ticks };
  }

  /** Called only while nothing is being measured. */
  beat(doing: Doing): void {
    const nowMs = performance.now();
    if (this.#lastMs !== undefined) this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    if (doing.block > 0) this.#blocks.add(doing.block);
    const beat: Beat = { ...this.#self, ...doing, at: new Date().toISOString(), upMs: upMs(), dueMs: this.#dueMs() };
    const partial = partialName(this.#file);
    try {
      // Not synced: after a power cut there is no session to watch.
      writeFileSync(partial, `${JSON.stringify(beat)}\n`, { flag: 'wx' });
      renameSync(partial, this.#file);
    } catch {
      rmSync(partial, { force: true });
    }
  }

  /** The session has ended in order. */
  end(): void {
    rmSync(this.#file, { force: true });
  }

  /** Every kind of step has been seen once the first block is over; until then the plan's limits are all that is known. */
  #dueMs(): number {
    if (this.#blocks.size < 2) return this.#mostMs;
    return Math.round(Math.min(this.#mostMs, Math.max(LEAST_DUE_MS, TIMES * this.#longestMs)));
  }
}

/** `silent`: its process is there and overdue. `gone`: its process has ended without an end of the session, or its host is silent. */
export type ActivityState = 'running' | 'silent' | 'gone' | 'interrupted' | 'failed' | 'finished';

export interface Activity {
  readonly session: string;
  readonly state: ActivityState;
  /** The last sign of life, ms since 1970. */
  readonly lastMs: number;
  readonly host: string;
  /** The last one that was written, of a session that has not ended in order. */
  readonly beat: Beat | null;
  readonly info: SessionInfo;
}

/** Looks at the session in its folder, as it is now. Throws a usage error when it can't be read. */
export function activityOf(dir: string, nowMs = Date.now()): Activity {
  const info = readSessionInfo(dir);
  const { session, stopReason, finishedAt, startedAt, host } = info;
  const head = { session, host: host.name, info };
  const begunMs = Date.parse(info.resumed?.at(-1)?.at ?? startedAt);
  if (stopReason !== 'running') {
    const state = stopReason === 'interrupted' || stopReason === 'failed' ? stopReason : 'finished';
    return { ...head, state, lastMs: finishedAt === null ? begunMs : Date.parse(finishedAt), beat: null };
  }
  const beat = readBeat(dir);
  if (beat === null) return { ...head, state: hasOwner(dir) ? 'running' : 'gone', lastMs: begunMs, beat };
  return { ...head, state: stateBy(beat, nowMs), lastMs: Date.parse(beat.at), beat };
}

function stateBy(beat: Beat, nowMs: number): ActivityState {
  if (beat.bootId !== bootId()) {
    // Of another host, on a shared file system, or of this one before it was started again.
    if (beat.host === hostname()) return 'gone';
    return nowMs - Date.parse(beat.at) > beat.dueMs ? 'gone' : 'running';
  }
  if (beat.pidNamespace === pidNamespace() && startTicks(beat.pid) !== beat.startTicks) return 'gone';
  return upMs() - beat.upMs > beat.dueMs ? 'silent' : 'running';
}

/** The last sign of life in a session's folder; null where there is none, or none that can be read. */
export function readBeat(dir: string): Beat | null {
  try {
    return beatSchema.parse(JSON.parse(readRegular(join(dir, HEARTBEAT), LIMIT_BYTES)));
  } catch {
    return null;
  }
}

function bootId(): string {
  return proc('/proc/sys/kernel/random/boot_id');
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function upMs(): number {
  return Number(proc('/proc/uptime').split(' ')[0]) * 1000 || 0;
}

function proc(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
