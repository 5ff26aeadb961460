/** How much of a session is measuring, and where the rest goes. */

import type { Recorder } from './record/figure.ts';
import { type Row, runnable, runSession } from './session.ts';

export async function benchEfficiency(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  const environments = await runnable(['native', 'unshare', 'docker', 'docker/docker', 'uml']);
  const session = await runSession(['-e', environments.join(','), '--profile', 'quick']);
  const sum = (rows: readonly Row[], column: string) =>
    rows.reduce((total, row) => total + Number(row[column] || 0), 0);
  const timed = sum(session.samples, 'wall_ns') / 1e9;
  record('efficiency.timed', 'share', [timed / session.seconds]);
  const asked = sum(session.samples, 'host_ns') / 1e9;
  const starting = sum(session.starts, 'ready_ms') / 1e3;
  const removing = sum(session.starts, 'teardown_ms') / 1e3;
  const parts: [string, number][] = [
    ['inside timed windows', timed],
    ['requests and answers around them', asked - timed],
    ['fresh starts, until ready', starting],
    ['removal', removing],
  ];
  const known = parts.reduce((total, [, seconds]) => total + seconds, 0);
  parts.push(['calibration, preparation in boxes, proofs, files', session.seconds - known]);
  print(`profile quick of ${environments.join(', ')}: ${session.seconds.toFixed(1)} s from calibration to manifest`);
  for (const [name, seconds] of parts) {
    print(
      `  ${name.padEnd(50)} ${seconds.toFixed(1).padStart(7)} s  ${((100 * seconds) / session.seconds).toFixed(1).padStart(5)} %`,
    );
  }
  for (const phase of ['warmup', 'lead', 'measure', 'long']) {
    const share =
      sum(
        session.samples.filter((row) => row.phase === phase),
        'wall_ns',
      ) /
      1e9 /
      timed;
    print(`  of the timed windows: ${phase.padEnd(28)} ${(100 * share).toFixed(1).padStart(17)} %`);
  }
}
