/** The same boxes, the same bursts, the same minutes: half-widths of the interleaved and of the sequential schedule. */

import { median } from '../../bench/units.ts';
import { type Row, runnable, runSession } from './session.ts';

const SCHEDULES = ['interleaved', 'sequential'] as const;

export async function benchSchedules(print: (line: string) => void): Promise<void> {
  const environments = await runnable(['native', 'unshare', 'docker']);
  const results = new Map<string, { half: Map<string, number>; seconds: number }>();
  // Blocks of the two take turns within minutes only as whole sessions; twice each, so that neither has all the luck.
  for (const schedule of [...SCHEDULES, ...SCHEDULES.toReversed()]) {
    const args = ['-e', environments.join(','), '-w', 'fft,sor,sparse', '--blocks', '6', '--rounds', '20'];
    const session = await runSession([...args, '--schedule', schedule]);
    const before = results.get(schedule);
    results.set(schedule, {
      half: mergeHalfWidths(before?.half, session.contrasts),
      seconds: (before?.seconds ?? 0) + session.seconds,
    });
  }
  const [interleaved, sequential] = SCHEDULES.map((schedule) => results.get(schedule));
  print(
    `two sessions of 6 blocks × 20 rounds each: interleaved ${interleaved?.seconds.toFixed(0)} s, sequential ${sequential?.seconds.toFixed(0)} s`,
  );
  print(`  ${'half-width of the 95 % interval (mean of two)'.padEnd(46)} interleaved  sequential   ratio`);
  const ratios: number[] = [];
  for (const [contrast, narrow] of interleaved?.half ?? []) {
    const wide = sequential?.half.get(contrast) ?? Number.NaN;
    ratios.push(wide / narrow);
    print(`  ${contrast.padEnd(46)} ${percent(narrow)}   ${percent(wide)}  ${(wide / narrow).toFixed(1).padStart(6)}`);
  }
  print(`  median ratio ${median(ratios.filter(Number.isFinite)).toFixed(1)}`);
}

/** Half the length of each interval in logarithms, the control's rows beside the contrasts', added to those before. */
function mergeHalfWidths(before: Map<string, number> | undefined, rows: readonly Row[]): Map<string, number> {
  const half = new Map<string, number>();
  for (const row of rows) {
    const pairs: [string, string | undefined, string | undefined][] = [
      [`${row.env} ${row.workload}`, row.ratio_low, row.ratio_high],
      [`${row.baseline}@control ${row.workload}`, row.control_low, row.control_high],
    ];
    for (const [name, low, high] of pairs) {
      const width = Math.log(Number(high) / Number(low)) / 2;
      half.set(name, before === undefined ? width : ((before.get(name) ?? width) + width) / 2);
    }
  }
  return half;
}

function percent(value: number): string {
  return `±${(100 * Math.expm1(value)).toFixed(2)} %`.padStart(11);
}
