/**
 * What a manager of a fleet stores, reads and computes for each host: `boxmark fleet collect` over the streams of as many hosts.
 * The hosts are stand-ins: each says a committed session under a host's name of its own, sealed again.
 */

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type FleetInfo, readFleet, writeFleet } from '../../bench/fleet/info.ts';
import { writeManifest } from '../../bench/session/store.ts';
import { archiveOf, linesFor } from '../fleet/host-stream.ts';

const COUNTS = [3, 5, 20, 100, 1000];
/** All hosts say their lines in turns, as when a manager follows them all. */
const TURNS = [5, 20, 100, 1000];
const WRITES = [100, 1000, 10_000];
const TARGET = 10_000;
const EXAMPLES = 'results/example';

/** Reports to the reader of the child: its peak of resident memory in KiB, and its CPU time and that of its children in s. */
const WRAPPER = `import { readFileSync } from 'node:fs'; process.on('exit', () => { const u = process.resourceUsage();
const ticks = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ').slice(13, 15).reduce((a, b) => a + Number(b), 0);
process.stderr.write('used ' + [u.maxRSS, (u.userCPUTime + u.systemCPUTime) / 1e6 + ticks / 100].join(' ') + '\\n'); });`;

interface Stream {
  readonly file: string;
  readonly archiveBytes: number;
  readonly streamBytes: number;
}

interface Run {
  readonly hosts: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMib: number;
  readonly storedMib: number;
}

export async function benchFleetScale(print: (line: string) => void): Promise<void> {
  const dir = mkdtempSync('/var/tmp/boxmark-bench-');
  try {
    const streams = await makeStreams(dir, Math.max(...COUNTS));
    describeStreams(streams, print);
    print('\none log a host, one after the other');
    const runs = await measure(COUNTS, (hosts) => collect(dir, streams.slice(0, hosts), 'files'), print);
    for (const [what, of] of [
      ['seconds', (run: Run) => run.seconds],
      ['CPU seconds', (run: Run) => run.cpuSeconds],
      ['peak MiB', (run: Run) => run.peakMib],
      ['stored MiB', (run: Run) => run.storedMib],
    ] as const) {
      print(
        fitText(
          what,
          runs.map((run) => [run.hosts, of(run)]),
        ),
      );
    }
    print('\nall hosts in turns, a line of each, through standard input');
    const turns = await measure(TURNS, (hosts) => collect(dir, streams.slice(0, hosts), 'turns'), print);
    print(
      fitText(
        'peak MiB',
        turns.map((run) => [run.hosts, run.peakMib]),
      ),
    );
    print('\nfleet.json, which is written whole');
    measureWrites(dir, print);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function makeStreams(dir: string, count: number): Promise<Stream[]> {
  const examples = readdirSync(EXAMPLES).sort();
  const streams: Stream[] = [];
  for (let index = 0; index < count; index++) {
    const example = join(EXAMPLES, examples[index % examples.length] ?? '');
    const copy = join(dir, basename(example));
    cpSync(example, copy, { recursive: true });
    const file = join(copy, 'session.json');
    const info = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...info, host: { ...info.host, name: `node-${index}` } }));
    rmSync(join(copy, 'manifest.json'));
    writeManifest(copy);
    const archive = await archiveOf(copy);
    const text = linesFor(copy, archive, { host: `node-${index}` }).join('');
    const log = join(dir, `node-${index}.log`);
    writeFileSync(log, text);
    streams.push({ file: log, archiveBytes: archive.length, streamBytes: text.length });
    rmSync(copy, { recursive: true });
  }
  return streams;
}

function describeStreams(streams: readonly Stream[], print: (line: string) => void): void {
  const kib = (of: (stream: Stream) => number) => streams.map((stream) => of(stream) / 1024);
  const text = (values: readonly number[]) =>
    `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)} KiB, mean ${mean(values).toFixed(0)}`;
  const [archives, said] = [kib(({ archiveBytes }) => archiveBytes), kib(({ streamBytes }) => streamBytes)];
  print(`archive of a session: ${text(archives)}`);
  print(`its stream: ${text(said)}, ${(mean(said) / mean(archives)).toFixed(3)} times the archive`);
}

async function measure(
  counts: readonly number[],
  run: (hosts: number) => Promise<Run>,
  print: (line: string) => void,
): Promise<Run[]> {
  const runs: Run[] = [];
  print('hosts  seconds  CPU s  ms CPU a host  peak MiB  stored MiB');
  for (const hosts of counts) {
    const one = await run(hosts);
    const cells = [one.seconds.toFixed(1), one.cpuSeconds.toFixed(1), ((one.cpuSeconds * 1000) / hosts).toFixed(0)];
    const widths = [5, 7, 5, 13, 8, 10];
    const row = [String(hosts), ...cells, one.peakMib.toFixed(0), one.storedMib.toFixed(1)];
    print(row.map((cell, at) => cell.padStart(widths[at] ?? 8)).join('  '));
    runs.push(one);
  }
  return runs;
}

async function collect(dir: string, streams: readonly Stream[], how: 'files' | 'turns'): Promise<Run> {
  const out = join(dir, 'fleet');
  const logs = how === 'files' ? streams.map(({ file }) => file) : ['-'];
  const wrapper = `data:text/javascript,${encodeURIComponent(WRAPPER)}`;
  const words = ['--import', wrapper, resolve('dist/cli/main.js'), 'fleet', 'collect', ...logs, '-o', out];
  const begun = performance.now();
  const child = spawn(process.execPath, words, { stdio: [how === 'files' ? 'ignore' : 'pipe', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((done) => child.on('close', done));
  if (child.stdin !== null) {
    for (const text of inTurns(streams)) {
      if (!child.stdin.write(text)) await new Promise((done) => child.stdin?.once('drain', done));
    }
    child.stdin.end();
  }
  const code = await ended;
  const [, peak, cpu] = /used (\d+) ([\d.]+)/.exec(stderr) ?? [];
  const measured = code === 0 ? readFleet(out).hosts.filter(({ state }) => state === 'measured').length : 0;
  if (measured !== streams.length) throw new Error(`${measured} of ${streams.length} hosts arrived: ${stderr}`);
  const seconds = (performance.now() - begun) / 1000;
  const storedMib = bytesBelow(out) / 2 ** 20;
  rmSync(out, { recursive: true });
  return { hosts: streams.length, seconds, cpuSeconds: Number(cpu), peakMib: Number(peak) / 1024, storedMib };
}

/** As `kubectl logs --prefix` prints them when it follows all. */
function* inTurns(streams: readonly Stream[]): Generator<string> {
  const all = streams.map(({ file }) => readFileSync(file, 'utf8').split('\n').slice(0, -1));
  const longest = Math.max(...all.map(({ length }) => length));
  for (let at = 0; at < longest; at++) {
    for (const [host, lines] of all.entries()) {
      if (at < lines.length) yield `[pod/node-${host}/measure] ${lines[at]}\n`;
    }
  }
}

function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function measureWrites(dir: string, print: (line: string) => void): void {
  print('hosts  KiB  ms to write  MiB when written for every host');
  for (const hosts of WRITES) {
    const folder = join(dir, 'written');
    mkdirSync(folder, { recursive: true });
    const info = fleetOf(hosts);
    const times = Array.from({ length: 5 }, () => {
      const begun = performance.now();
      writeFleet(folder, info);
      return performance.now() - begun;
    }).sort((a, b) => a - b);
    const bytes = statSync(join(folder, 'fleet.json')).size;
    const everyTime = (bytes * (hosts + 1)) / 2 / 2 ** 20;
    const row = [hosts, (bytes / 1024).toFixed(0), times[2]?.toFixed(1), everyTime.toFixed(0)];
    print(row.map((cell, at) => String(cell).padStart([5, 5, 11, 10][at] ?? 8)).join('  '));
  }
}

function fleetOf(hosts: number): FleetInfo {
  const at = '2026-11-29T20:00:00.000Z';
  return {
    ...{
      schema: 1,
      fleet: 'scale',
      program: '0.1.0',
      command: 'boxmark fleet collect',
      startedAt: at,
      finishedAt: null,
    },
    ...{ transport: 'collected', parallel: 1, image: null, planDigest: 'a'.repeat(64) },
    hosts: Array.from({ length: hosts }, (_, index) => ({
      ...{ name: `node-${index}`, address: `pod/boxmark-${index}-abcde`, labels: {}, architecture: 'x64' },
      ...{ state: 'measured', reason: null, footing: 'host', footingReason: null, seal: 'b'.repeat(64), attempts: 1 },
      session: `hosts/node-${index}/20261129T200000Z-ab12cd`,
      ...{ startedAt: at, endedAt: at, lastSeenAt: at },
    })),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A line by least squares; how far the points are from it shows what is not linear. */
function fitText(what: string, points: readonly (readonly [number, number])[]): string {
  const [x, y] = [mean(points.map(([hosts]) => hosts)), mean(points.map(([, value]) => value))];
  const slope =
    points.reduce((sum, [hosts, value]) => sum + (hosts - x) * (value - y), 0) /
    points.reduce((sum, [hosts]) => sum + (hosts - x) ** 2, 0);
  const at = (hosts: number) => y + slope * (hosts - x);
  const worst = Math.max(...points.map(([hosts, value]) => Math.abs(value - at(hosts)) / Math.max(value, 1e-9)));
  const line = `${what}: ${at(0).toFixed(2)} + ${slope.toPrecision(3)} a host`;
  return `${line}, off by at most ${(100 * worst).toFixed(0)} %; at ${TARGET} hosts ${at(TARGET).toFixed(0)}`;
}
