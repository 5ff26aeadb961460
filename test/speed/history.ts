/** How long `boxmark history` takes, and how much memory, over 1,000 and 5,000 sessions of 24 contrasts each. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { randomStream } from '../../bench/random.ts';
import { CONTRASTS } from '../../bench/session/figure-tables.ts';
import type { Recorder } from './record/figure.ts';

const COUNTS = [1000, 5000];
const EXAMPLE = 'results/example';
const ENVS = ['docker', 'docker/docker', 'uml', 'unshare'];
const WORKLOADS = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu', 'suite'];

/** Reports to the reader of the child: its peak of resident memory on standard error. */
const WRAPPER = `process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + '\\n'));`;

export async function benchHistory(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  print('sessions  changes  seconds  ms a session  peak MiB  files read MiB');
  for (const [kind, step] of [
    ['noise alone', 0],
    ['two steps in every ratio', 0.03],
  ] as const) {
    print(kind);
    for (const count of COUNTS) {
      const dir = mkdtempSync('/var/tmp/boxmark-bench-');
      try {
        const bytes = writeSessions(dir, count, step);
        const begun = performance.now();
        const { stdout, stderr } = await promisify(execFile)(
          process.execPath,
          [
            '--import',
            `data:text/javascript,${encodeURIComponent(WRAPPER)}`,
            resolve('dist/cli/main.js'),
            'history',
            dir,
            '--json',
          ],
          { maxBuffer: 1 << 30 },
        );
        const seconds = (performance.now() - begun) / 1000;
        record(`history.${count}${step === 0 ? '' : '.steps'}`, 's', [seconds]);
        const peak = Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
        const { groups } = JSON.parse(stdout) as { groups: { series: { changes: unknown[] }[] }[] };
        const changes = groups.flatMap(({ series }) => series).reduce((sum, one) => sum + one.changes.length, 0);
        print(
          [
            count,
            changes,
            seconds.toFixed(1),
            ((seconds * 1000) / count).toFixed(2),
            peak.toFixed(0),
            (bytes / 2 ** 20).toFixed(0),
          ]
            .map((cell, index) => String(cell).padStart([8, 7, 7, 12, 8, 14][index] ?? 8))
            .join('  '),
        );
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }
  }
}

/** Session folders of one machine, a day apart; the bytes of the two files that a history reads. */
function writeSessions(out: string, count: number, step: number): number {
  const [example = ''] = readdirSync(EXAMPLE);
  const info = JSON.parse(readFileSync(join(EXAMPLE, example, 'session.json'), 'utf8'));
  const stream = randomStream(1, count, 'bench-history');
  const uniform = () => (stream.nextUint32() + 1) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    const startedAt = new Date(Date.UTC(2010, 0, 1 + index)).toISOString();
    const session = `${startedAt.replace(/[-:]|\.\d+/g, '')}-${String(index).padStart(6, '0')}`;
    const level = index < count / 3 || index >= (2 * count) / 3 ? 0 : step;
    const rows = ENVS.flatMap((env) =>
      WORKLOADS.map((workload) => {
        const ratio = Math.exp(level + 0.01 * normal());
        const figures: Record<string, string | number> = {
          ...{ session, env, baseline: 'native', workload, blocks: 6, time_ratio: ratio },
          ...{ ratio_low: ratio * 0.99, ratio_high: ratio * 1.01, verdict: 'inconclusive' },
          ...{ throughput_change_percent: (1 / ratio - 1) * 100, stop_reason: 'blocks', intermittent: 'false' },
          ...(workload === 'suite'
            ? {}
            : { ns_per_pass: 26_000 * ratio, baseline_ns_per_pass: 26_000 * Math.exp(0.01 * normal()) }),
        };
        return CONTRASTS.columns.map(({ name }) => figures[name] ?? '');
      }),
    );
    const dir = join(out, session);
    mkdirSync(dir);
    const files = {
      'session.json': `${JSON.stringify({ ...info, session, startedAt }, null, 2)}\n`,
      'contrasts.csv': stringify([CONTRASTS.columns.map(({ name }) => name), ...rows]),
    };
    for (const [name, text] of Object.entries(files)) {
      bytes += Buffer.byteLength(text);
      writeFileSync(join(dir, name), text);
    }
  }
  return bytes;
}
