/** How long a report takes and how much memory, by the number of rows: ten thousand, a hundred thousand, a million. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createStore } from '../../bench/session/store.ts';
import type { Sample } from '../../bench/types.ts';
import { simulateSamples, testPlan, testStart } from '../bench/analysis/simulate.ts';
import { infoFor } from '../bench/boxes.ts';
import type { Recorder } from './record/figure.ts';

const SIZES = [
  { rows: 1e4, blocks: 10 },
  { rows: 1e5, blocks: 10 },
  { rows: 1e6, blocks: 40 },
] as const;
const ENVIRONMENTS = [
  { path: 'native' },
  { path: 'docker', alias: 'container' },
  { path: 'docker/docker', alias: 'nested' },
  { path: 'uml', alias: 'vm' },
];
const WORKLOADS = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'];
/** Rows that are written at once. */
const BATCH = 20_000;
const POLL_MS = 5;

export async function benchReport(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  const out = mkdtempSync('/var/tmp/boxmark-bench-');
  try {
    print('       rows   csv MiB   report s   CPU s   rows/CPU s   peak MiB   html KiB   json CPU s');
    for (const { rows, blocks } of SIZES) {
      const { dir, count } = writeSession(out, rows, blocks);
      const page = await timed(['report', dir, '--format', 'html', '-o', join(dir, 'report')]);
      const json = await timed(['report', dir, '--format', 'json', '-o', join(dir, 'report')]);
      if (rows === 1e6) {
        record('report.million', 's', [page.seconds]);
        record('report.million.peak', 'MB', [page.peakBytes / 1e6]);
        const markdown = await timed(['report', dir, '--format', 'md', '-o', join(dir, 'report')]);
        record('report.million.markdown', 's', [markdown.seconds]);
      }
      const size = statSync(join(dir, 'report', 'report.html')).size;
      const csv = statSync(join(dir, 'samples.csv')).size;
      print(
        [
          String(count).padStart(11),
          (csv / 2 ** 20).toFixed(1).padStart(9),
          page.seconds.toFixed(2).padStart(10),
          page.cpuSeconds.toFixed(2).padStart(7),
          Math.round(count / page.cpuSeconds)
            .toString()
            .padStart(12),
          (page.peakBytes / 2 ** 20).toFixed(0).padStart(10),
          (size / 2 ** 10).toFixed(0).padStart(10),
          json.cpuSeconds.toFixed(2).padStart(12),
        ].join(' '),
      );
      rmSync(dir, { recursive: true, force: true });
    }
    print(
      '  CPU s: of all threads, which neighbours on the host disturb less; peak: the largest resident set; both from /proc',
    );
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function writeSession(out: string, rows: number, blocks: number): { dir: string; count: number } {
  const perRound = 2 * WORKLOADS.length * (ENVIRONMENTS.length + 1);
  const rounds = Math.round(rows / perRound / blocks);
  const plan = testPlan({ environments: ENVIRONMENTS, workloads: WORKLOADS, blocks, rounds, profile: 'publish' });
  const { blocks: blocksCompleted, ...planned } = plan;
  const info = {
    ...infoFor(planned, []),
    session: `20261123T170000Z-${rows.toString(16).padStart(6, '0')}`,
    stopReason: 'blocks' as const,
    finishedAt: '2026-11-23T19:00:00.000Z',
    blocksCompleted,
  };
  const store = createStore(out, info);
  store.session(info);
  let count = 0;
  let batch: Sample[] = [];
  const begin = Date.parse('2026-11-23T17:00:00.000Z');
  const write = () => {
    store.samples(batch);
    batch = [];
  };
  const ratios = { docker: 1.004, 'docker/docker': 1.014, uml: 1.05 };
  for (const sample of simulateSamples(plan, { seed: 1, ratios })) {
    const startedAt = new Date(begin + count * 7).toISOString();
    batch.push({
      ...sample,
      startedAt,
      cpuNs: sample.wallNs,
      checksum: sample.phase === 'measure' ? '00ff00ff00ff00ff' : '',
    });
    count += 1;
    if (batch.length === BATCH) write();
  }
  write();
  for (let block = 1; block <= blocks; block++) {
    for (const { path } of ENVIRONMENTS) store.start(testStart({ block, env: path, startId: `b${block}-${path}` }));
  }
  store.finish([], 'blocks');
  store.close();
  return { dir: store.dir, count };
}

/** Runs the built program; the peak is looked up while it runs, because nothing reports it afterwards. */
async function timed(args: readonly string[]): Promise<{ seconds: number; cpuSeconds: number; peakBytes: number }> {
  const begun = performance.now();
  const child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peakBytes = 0;
  let cpuSeconds = 0;
  const look = () => {
    try {
      const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      peakBytes = Math.max(peakBytes, Number(kib ?? 0) * 1024);
      // After the name in brackets, which may hold blanks: the 12th and 13th field are user and system time, in 10 ms.
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      cpuSeconds = Math.max(cpuSeconds, (Number(fields[11]) + Number(fields[12])) / 100);
    } catch {
      // It has just ended.
    }
  };
  const timer = setInterval(look, POLL_MS);
  const code = await new Promise<number | null>((done) => child.on('close', done));
  clearInterval(timer);
  if (code !== 0) throw new Error(`boxmark ${args.join(' ')} ended with code ${code}`);
  return { seconds: (performance.now() - begun) / 1000, cpuSeconds, peakBytes };
}
