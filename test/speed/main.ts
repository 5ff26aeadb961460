/** `npm run bench`: speed as ratios within one run, beside its goals. Never asserted on; shared machines are noisy. */

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { BoxmarkError, EXIT, messageOf } from '../../bench/errors.ts';
import { readArguments, type Wish } from './arguments.ts';
import { BENCHES, type Options } from './benches.ts';
import { runScenario, type Scenario } from './calibration.ts';
import { differencesOf, movesBetween } from './record/compare.ts';
import { newRecord, type Recorder } from './record/figure.ts';
import { BENCH_SCHEMA, type BenchFile, type BenchRun, readBench, writeBench } from './record/file.ts';
import { benchHost, commitNow, loadNow } from './record/host.ts';
import { figureLines, moveLines, runLines } from './record/lines.ts';
import { usage } from './usage.ts';

interface Part {
  readonly bench: string;
  readonly options: Options;
  /** As one would call it. */
  readonly name: string;
}

const say = (line: string) => process.stdout.write(`${line}\n`);
let isReaderGone = false;

/** A reader that leaves (`head`) is no failure. What is being measured comes to its end: it would leave processes behind. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      isReaderGone = true;
    });
  }
}

function partsOf({ names, options }: Wish): Part[] {
  const part = (bench: string, own: Options): Part => {
    const flags = Object.entries(own).map(([name, value]) => ` --${name} ${value}`);
    return { bench, options: { ...own, ...options }, name: `${bench}${flags.join('')}` };
  };
  if (names.length > 0) return names.map((bench) => part(bench, {}));
  return Object.entries(BENCHES).flatMap(([bench, { forms = [] }]) => forms.map((form) => part(bench, form)));
}

/** One that fails takes none of the others with it, and keeps the figures that it has. */
async function runPart({ bench, options, name }: Part, record: Recorder): Promise<BenchRun> {
  const begun = performance.now();
  say(`\n== ${name}: ${BENCHES[bench]?.title}`);
  let failure: string | null = null;
  try {
    for (let turn = 0; turn < (options.turns ?? 1); turn++) await BENCHES[bench]?.run(say, options, record);
  } catch (error) {
    failure = messageOf(error).slice(0, 300);
    process.stderr.write(`bench: ${name} failed: ${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = EXIT.failed;
  }
  return { name, seconds: (performance.now() - begun) / 1000, failure };
}

async function measure(wish: Wish): Promise<BenchFile> {
  const startedAt = new Date().toISOString();
  const begun = performance.now();
  const [commit, loadBefore] = [commitNow(), loadNow()];
  const whole = wish.names.length === 0;
  const { record, figures: recorded } = newRecord();
  const runs: BenchRun[] = [];
  for (const part of partsOf(wish)) {
    // Whoever left reads no more, but a file is to be whole.
    if (isReaderGone && wish.write === undefined) break;
    runs.push(await runPart(part, record));
  }
  const seconds = (performance.now() - begun) / 1000;
  if (whole) record('bench.whole', 's', [seconds]);
  const host = await benchHost(loadBefore);
  const figures = recorded();
  return { schema: BENCH_SCHEMA, kind: 'boxmark-bench', startedAt, seconds, whole, commit, host, runs, figures };
}

function show(bench: BenchFile, before: BenchFile | undefined): void {
  if (bench.figures.length > 0) say('');
  for (const line of bench.figures.length > 0 ? figureLines(bench.figures) : []) say(line);
  if (bench.runs.length > 1) for (const line of ['', ...runLines(bench.runs)]) say(line);
  if (before === undefined) return;
  say(`\nsince ${before.startedAt} (${before.commit ?? 'no commit'}):`);
  for (const line of differencesOf(before, bench)) say(`  not the same ${line}`);
  for (const line of moveLines(movesBetween(before.figures, bench.figures))) say(line);
}

async function main(): Promise<void> {
  outliveReaders();
  try {
    const words = process.argv.slice(2);
    if (words.some((word) => word === '--help' || word === '-h')) {
      say(usage());
      return;
    }
    const wish = readArguments(words);
    // Read before half an hour is spent.
    const before = wish.compare === undefined ? undefined : readBench(wish.compare);
    const bench = wish.read === undefined ? await measure(wish) : readBench(wish.read);
    if (wish.write !== undefined) writeBench(wish.write, bench);
    show(bench, before);
    if (wish.write !== undefined) say(`\nwritten: ${wish.write}`);
  } catch (error) {
    if (!(error instanceof BoxmarkError)) throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

if (isMainThread) await main();
else parentPort?.postMessage(runScenario(workerData as Scenario));
