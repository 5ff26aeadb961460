/** How long `boxmark history` takes, and how much memory, over 1,000 and 5,000 sessions of 24 contrasts each: when they are new to it, and again. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { randomStream } from '../../bench/random.ts';
import { CONTRASTS } from '../../bench/session/figure-tables.ts';
import type { Recorder } from './record/figure.ts';
import { MAIN, node, SETTLED_MS } from './session.ts';

const COUNTS = [1000, 5000];
const EXAMPLE = 'results/example';
const ENVS = ['docker', 'docker/docker', 'uml', 'unshare'];
const WORKLOADS = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu', 'suite'];

/** Reports to the reader of the child: its peak of resident memory on standard error. */
const WRAPPER = `process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + '\\n'));`;

export async function benchHistory(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  print('sessions  changes  first s  again s  ms a session  peak MiB  files read MiB  kept MiB');
  for (const [kind, step] of [
    ['noise alone', 0],
    ['two steps in every ratio', 0.03],
  ] as const) {
    print(kind);
    for (const count of COUNTS) {
      const dir = mkdtempSync('/var/tmp/boxmark-bench-');
      try {
        const [sessions, store] = [join(dir, 'sessions'), join(dir, 'store')];
        const bytes = writeSessions(sessions, count, step);
        await new Promise((done) => setTimeout(done, SETTLED_MS));
        const first = await history(sessions, store);
        const again = await history(sessions, store);
        if (again.stdout !== first.stdout) throw new Error('kept figures give another answer');
        const id = `history.${count}${step === 0 ? '' : '.steps'}`;
        record(`${id}.first`, 's', [first.seconds]);
        record(id, 's', [again.seconds]);
        const { groups } = JSON.parse(first.stdout) as { groups: { series: { changes: unknown[] }[] }[] };
        const changes = groups.flatMap(({ series }) => series).reduce((sum, one) => sum + one.changes.length, 0);
        print(
          [
            ...[count, changes, first.seconds.toFixed(1), again.seconds.toFixed(1)],
            ((again.seconds * 1000) / count).toFixed(2),
            Math.max(first.peakMiB, again.peakMiB).toFixed(0),
            ...[bytes, keptBytes(store)].map((one) => (one / 2 ** 20).toFixed(0)),
          ]
            .map((cell, index) => String(cell).padStart([8, 7, 7, 7, 12, 8, 14, 8][index] ?? 8))
            .join('  '),
        );
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }
  }
}

async function history(dir: string, store: string) {
  const begun = performance.now();
  const { stdout, stderr } = await node(
    ['--import', `data:text/javascript,${encodeURIComponent(WRAPPER)}`, MAIN, 'history', dir, '--json'],
    { ...process.env, BOXMARK_CACHE: store },
  );
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, stdout, peakMiB: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024 };
}

function keptBytes(store: string): number {
  const files = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
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
    mkdirSync(dir, { recursive: true });
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
