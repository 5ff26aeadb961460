/** What a fleet adds: the time of a node's session by `fleet run` over that of the same session alone, in turns, on a Swarm of one node. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readFleet } from '../../bench/fleet/info.ts';
import { median } from '../../bench/units.ts';
import { SwarmLab } from '../fleet/swarm-lab.ts';
import type { Recorder } from './record/figure.ts';

const TURNS = 2;
/** A quick session of two environments. */
const PLAN = 'env: native,docker\nprofile: quick\n';

export async function benchFleet(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  if (process.getuid?.() !== 0) return print('  needs root: a Docker daemon is started');
  const folder = mkdtempSync('/var/tmp/boxmark-bench-fleet-');
  const [plan, image] = [join(folder, 'plan.yaml'), join(folder, 'node.tar')];
  writeFileSync(plan, PLAN);
  let lab: SwarmLab | undefined;
  try {
    call(['fleet', 'image', image], {});
    lab = await SwarmLab.open(1, image);
    const env = { DOCKER_HOST: lab.host(1) };
    const ratios: number[] = [];
    print(`  ${TURNS} turns of a quick session, native and docker      alone     fleet   ratio`);
    for (let turn = 1; turn <= TURNS; turn++) {
      const alone = call(['run', '--plan', plan, '-q', '-o', join(folder, 'alone')], env);
      const out = join(folder, `fleet-${turn}`);
      const fleet = call(['fleet', 'run', '--plan', plan, '-q', '-o', out, '--json'], env);
      const { dir } = JSON.parse(fleet.stdout) as { dir: string };
      if (readFleet(dir).hosts.some(({ state }) => state !== 'measured')) throw new Error(fleet.stdout);
      ratios.push(fleet.seconds / alone.seconds);
      const times = [alone, fleet].map(({ seconds }) => `${seconds.toFixed(1)} s`.padStart(10)).join('');
      print(`  ${`turn ${turn}`.padEnd(50)}${times}${(fleet.seconds / alone.seconds).toFixed(2).padStart(8)}`);
    }
    record('fleet.session', 'ratio', ratios);
    print(`  ${'median'.padEnd(70)}${median(ratios).toFixed(2).padStart(8)}`);
  } finally {
    await lab?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function call(args: readonly string[], env: Readonly<Record<string, string>>) {
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('dist/cli/main.js'), ...args], {
    ...{ encoding: 'utf8', env: { ...process.env, ...env } },
  });
  if (status !== 0) throw new Error(`boxmark ${args.join(' ')}: ${stderr}`);
  return { seconds: (performance.now() - begun) / 1000, stdout };
}
