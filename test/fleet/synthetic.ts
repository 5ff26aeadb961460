/** Fleets and folders of sessions made of a committed session: its two files with other hosts, and ratios with a known spread. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tQuantile } from '../../bench/analysis/stats/distributions.ts';
import { FLEET_FILE, FLEET_PLAN, type FleetHost, type FleetInfo } from '../../bench/fleet/info.ts';
import { randomStream } from '../../bench/random.ts';
import type { SessionInfo } from '../../bench/session/info.ts';

const EXAMPLE = join(import.meta.dirname, '../../results/example/20261126T070159Z-b39def');
const BEGIN = Date.parse('2026-11-26T07:00:00.000Z');
/** Scatter of a block, in logs. */
const BLOCK = 0.004;

export interface SyntheticHost {
  readonly name: string;
  readonly session: string;
  /** Below the folder. */
  readonly path: string;
  readonly info: SessionInfo;
}

export interface Synthetic {
  readonly hosts: number;
  readonly seed?: number;
  /** Standard deviation of the true ratios of hosts, in logs. */
  readonly tau?: number;
  /** Added to every log. */
  readonly shift?: number;
  /** Added to the logs of single hosts. */
  readonly odd?: Readonly<Record<number, number>>;
  readonly cpus?: number;
  /** Changes `session.json` of a host. */
  readonly change?: ((info: SessionInfo, host: number) => SessionInfo) | undefined;
}

/** A session of each host below `dir`, as `HOST/SESSION`. Two files each: readers of fleets need no more. */
export function writeSessions(dir: string, options: Synthetic): SyntheticHost[] {
  const info = JSON.parse(readFileSync(join(EXAMPLE, 'session.json'), 'utf8')) as SessionInfo;
  const [head = '', ...lines] = readFileSync(join(EXAMPLE, 'contrasts.csv'), 'utf8').trimEnd().split('\n');
  const columns = head.split(',');
  const { hosts, seed = 1, tau = 0.005, shift = 0, odd = {}, cpus = 3, change = (same) => same } = options;
  return Array.from({ length: hosts }, (_, host) => {
    const stream = randomStream(seed, host, 'synthetic fleet');
    const uniform = () => (stream.nextUint32() + 1) / 2 ** 32;
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const name = `host-${String(host + 1).padStart(4, '0')}`;
    const startedAt = new Date(BEGIN + host * 60_000).toISOString();
    const session = `${startedAt.replace(/[-:]|\.\d+/g, '')}-${String(host).padStart(6, '0')}`;
    const hardware = { ...info.host.hardware, cpuModel: `Example CPU ${(host % cpus) + 1}` };
    const stack = { ...info.host.stack, kernelRelease: host % 2 === 0 ? '6.1.0' : '6.12.0' };
    const own = change(
      { ...info, session, startedAt, host: { ...info.host, name, hardware, stack, fingerprint: digest(host % cpus) } },
      host,
    );
    const path = `${name}/${own.session}`;
    const folder = join(dir, path);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'session.json'), `${JSON.stringify(own, null, 2)}\n`);
    const rows = lines.map((line) => {
      const cells = line.split(',');
      const set = (column: string, value: string | number) => {
        cells[columns.indexOf(column)] = String(value);
      };
      const truth = Math.log(Number(cells[columns.indexOf('time_ratio')])) + shift + (odd[host] ?? 0) + tau * normal();
      return row(own.session, truth, normal, set, () => cells.join(','));
    });
    writeFileSync(join(folder, 'contrasts.csv'), `${[head, ...rows].join('\n')}\n`);
    return { name, session: own.session, path, info: own };
  });
}

function row(
  session: string,
  truth: number,
  normal: () => number,
  set: (column: string, value: string | number) => void,
  text: () => string,
): string {
  const values = Array.from({ length: 6 }, () => truth + BLOCK * normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / 6;
  const half = tQuantile(0.975, 5) * Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 30);
  const at = (log: number) => Number(Math.exp(log).toPrecision(9));
  const [edge, low, high] = [Math.log(1.02), mean - half, mean + half];
  const isInside = low >= -edge && high <= edge;
  set('session', session);
  set('time_ratio', at(mean));
  set('ratio_low', at(low));
  set('ratio_high', at(high));
  set('verdict', isInside ? 'equivalent' : low > 0 && high > edge ? 'slower' : high < 0 ? 'faster' : 'inconclusive');
  return text();
}

const digest = (number: number) => number.toString(16).padStart(64, '0');

/** A fleet with a measured session of every host; `others` are hosts without one. */
export function writeFleet(dir: string, options: Synthetic, others: readonly Partial<FleetHost>[] = []): FleetInfo {
  const written = writeSessions(join(dir, 'hosts'), options);
  const empty: FleetHost = {
    ...{ name: 'none', address: '192.0.2.1', labels: {}, architecture: 'x64', state: 'waiting', reason: null },
    ...{
      footing: 'host',
      footingReason: null,
      session: null,
      seal: null,
      attempts: 1,
      startedAt: null,
      endedAt: null,
      lastSeenAt: null,
    },
  };
  const fleet: FleetInfo = {
    ...{ schema: 1, fleet: 'synthetic', program: '0.1.0', command: 'boxmark fleet run', transport: 'ssh', parallel: 4 },
    ...{ startedAt: '2026-11-26T07:00:00.000Z', finishedAt: '2026-11-26T09:00:00.000Z', image: null },
    planDigest: digest(7),
    hosts: [
      ...written.map(({ name, path }, host): FleetHost => {
        const labels = { rack: `r${(host % 4) + 1}`, ...(host % 2 === 0 ? { tier: 'web' } : {}) };
        const at = '2026-11-26T07:10:00.000Z';
        return {
          ...empty,
          name,
          labels,
          state: 'measured',
          session: `hosts/${path}`,
          startedAt: at,
          endedAt: at,
          lastSeenAt: at,
        };
      }),
      ...others.map((other) => ({ ...empty, ...other })),
    ],
  };
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, FLEET_FILE), `${JSON.stringify(fleet, null, 2)}\n`);
  writeFileSync(join(dir, FLEET_PLAN), 'env: [native, docker, docker/docker, uml]\n');
  return fleet;
}
