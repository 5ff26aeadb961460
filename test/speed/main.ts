/** `npm run bench [-- NAME …]`: speed as ratios within one run. Never asserted on; shared machines are noisy. */

import { benchCalibration } from './calibration.ts';
import { benchCompany } from './company.ts';
import { benchDesign } from './design.ts';
import { benchDuet } from './duet.ts';
import { benchEfficiency } from './efficiency.ts';
import { benchKernels } from './kernels.ts';
import { benchSchedules } from './schedules.ts';
import { benchStartup } from './startup.ts';
import { benchTruths } from './truths.ts';

type Bench = (print: (line: string) => void) => Promise<void>;

const BENCHES: Readonly<Record<string, { readonly run: Bench; readonly title: string }>> = {
  kernels: { run: benchKernels, title: 'kernels against the same algorithms in C' },
  company: { run: benchCompany, title: 'each kernel alone against in company' },
  efficiency: { run: benchEfficiency, title: 'time inside timed windows over the time of a session' },
  startup: { run: benchStartup, title: "a start through Boxmark against the bare engine's own command" },
  calibration: { run: benchCalibration, title: 'coverage and verdicts over simulated sessions with a known truth' },
  design: {
    run: benchDesign,
    title: 'burst length, lead-in, rounds, estimator and company, by the spread of like boxes',
  },
  duet: { run: benchDuet, title: 'two boxes at once on two CPUs against taking turns on one' },
  truths: {
    run: benchTruths,
    title: 'known truths, twenty times over: intervals that hold them, copies that seem to differ',
  },
  schedules: { run: benchSchedules, title: 'interleaved against sequential: half-widths in the same time' },
};

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = wanted.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(`bench: there is no ${unknown.join(', ')}\n  try: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exitCode = 2;
} else {
  for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
    const bench = BENCHES[name];
    process.stdout.write(`\n== ${name}: ${bench?.title}\n`);
    await bench?.run((line) => process.stdout.write(`${line}\n`));
  }
}
