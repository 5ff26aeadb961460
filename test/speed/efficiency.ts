/** How much of a session is measuring, and where the rest goes: from its rows, and from the lines that it prints at the ends of its steps. */

import { mkdtempSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Recorder } from './record/figure.ts';
import { MAIN, node, type Row, readTables, runnable } from './session.ts';

const START = resolve('cli/bootstrap/bootstrap.mjs');
const ENVIRONMENTS = ['native', 'docker', 'docker/docker', 'uml'];
/** A step of the run as `--json-lines` names it, and when it was printed, ms. */
interface Mark {
  readonly type: string;
  readonly at: number;
}

/** What is needed of a run to say where its time went; times in ms of the wall clock. */
export interface Account {
  readonly begun: number;
  readonly ended: number;
  readonly finished: number;
  readonly marks: readonly Mark[];
  readonly samples: readonly Row[];
  readonly starts: readonly Row[];
}

export type Part = readonly [name: string, seconds: number];

const sum = (rows: readonly Row[], column: string): number =>
  rows.reduce((total, row) => total + Number(row[column] || 0), 0);

/** Every second of a run is in one part. */
export function partsOf({ begun, ended, finished, marks, samples, starts }: Account): {
  readonly session: readonly Part[];
  readonly around: readonly Part[];
} {
  const at = (type: string) => marks.filter((mark) => mark.type === type).map((mark) => mark.at);
  const [planned = begun] = at('plan');
  const begins = at('block-begun');
  const ends = at('block-ended');
  const timed = sum(samples, 'wall_ns') / 1e6;
  let before = 0;
  let among = 0;
  let after = 0;
  for (const [index, begin] of begins.entries()) {
    const own = samples.filter((row) => Number(row.block) === index + 1);
    const [first, last] = spanOf(own);
    before += first - begin;
    among += last - first;
    after += (ends[index] ?? last) - last;
  }
  const starting = sum(starts, 'ready_ms');
  const removing = sum(starts, 'teardown_ms');
  const inBlocks = begins.reduce((total, begin, index) => total + (ends[index] ?? begin) - begin, 0);
  const inSeconds = (parts: readonly Part[]): Part[] => parts.map(([name, ms]) => [name, ms / 1e3]);
  return {
    session: inSeconds([
      ['timed bursts', timed],
      ['between bursts: requests, answers, rows', among - timed],
      ['starts of boxes, until ready', starting],
      ['facts of boxes, and workloads made ready in them', before - starting],
      ['states asked for and replayed, files', after - removing],
      ['ends of boxes', removing],
      ['calibration, and between blocks', finished - planned - inBlocks],
    ]),
    around: inSeconds([
      ['preparation: set-up, image, probes, loads, daemons', planned - begun],
      ['report, and everything removed', ended - finished],
    ]),
  };
}

/** From the beginning of the first burst to the end of the last. */
function spanOf(rows: readonly Row[]): readonly [first: number, last: number] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { started_at = '', wall_ns } of rows) {
    const begin = Date.parse(started_at);
    first = Math.min(first, begin);
    last = Math.max(last, begin + Number(wall_ns) / 1e6);
  }
  return [first, last];
}

export async function benchEfficiency(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  const environments = await runnable(ENVIRONMENTS);
  // It leaves images and roots where the next one finds them.
  const glance = await accountOf([MAIN, 'run', '--profile', 'glance'], environments);
  const account = await accountOf([START, 'start'], environments);
  const { session, around } = partsOf(account);
  const whole = session.reduce((total, [, seconds]) => total + seconds, 0);
  const [[, timed], [, prepared]] = [session[0] as Part, around[0] as Part];
  print(`npm start, profile quick of ${environments.join(', ')}: ${whole.toFixed(1)} s from calibration to manifest`);
  for (const [name, seconds] of session) print(line(name, seconds, (100 * seconds) / whole));
  for (const phase of ['warmup', 'lead', 'measure', 'long']) {
    const own = account.samples.filter((row) => row.phase === phase);
    const seconds = sum(own, 'wall_ns') / 1e9;
    print(line(`  of the timed bursts: ${phase}`, seconds, (100 * seconds) / timed));
  }
  print(
    `around it, of ${seconds(account.ended - account.begun)} of the command; to the printed answer ${seconds(account.answered - account.begun)}`,
  );
  for (const [name, seconds] of around) print(line(name, seconds));
  print(`profile glance of the same: ${seconds(glance.answered - glance.begun)} to the printed answer`);
  record('efficiency.timed', 'share', [timed / whole]);
  record('efficiency.preparation', 's', [prepared]);
  record('efficiency.start', 's', [(account.answered - account.begun) / 1e3]);
  record('efficiency.glance', 's', [(glance.answered - glance.begun) / 1e3]);
}

const seconds = (ms: number): string => `${(ms / 1e3).toFixed(1)} s`;

function line(name: string, seconds: number, percent?: number): string {
  const share = percent === undefined ? '' : `  ${percent.toFixed(1).padStart(5)} %`;
  return `  ${name.padEnd(52)} ${seconds.toFixed(1).padStart(7)} s${share}`;
}

/** With the time at which the answer was printed. `command`: of Node.js, up to its flags. */
async function accountOf(
  command: readonly string[],
  environments: readonly string[],
): Promise<Account & { readonly answered: number }> {
  const out = mkdtempSync('/var/tmp/boxmark-bench-');
  try {
    const begun = Date.now();
    const flags = ['-e', environments.join(','), '-q', '--json-lines', '-o', out, '--keep-going'];
    const { stdout } = await node([...command, ...flags]);
    const ended = Date.now();
    const { samples, starts, info } = readTables(out);
    const lines = stdout
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text) as { type: string; at?: string });
    const marks = lines.flatMap(({ type, at }) => (at === undefined ? [] : [{ type, at: Date.parse(at) }]));
    const answered = marks.find(({ type }) => type === 'answer')?.at ?? ended;
    return { begun, ended, answered, finished: Date.parse(info.finishedAt), marks, samples, starts };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
