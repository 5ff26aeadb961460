/** What reads files of a fleet: its record, the figures of its hosts, logs of hosts, and inventories. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHosts } from '../../bench/fleet/hosts.ts';
import { readFleet } from '../../bench/fleet/info.ts';
import { fleetRows } from '../../bench/fleet/rows.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { Collector } from '../../cli/fleet/collector.ts';
import { readLog } from '../../cli/fleet/read-logs.ts';
import { FleetRecord } from '../../cli/fleet/record.ts';
import { csvPieces } from '../../cli/fleet/rows-file.ts';
import { readInventory } from '../../fleet/ssh/inventory.ts';
import { fleetCompareDocument } from '../../reports/documents/fleet-compare.ts';
import { FLEET_REPORTS } from '../../reports/formats/fleet.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { readFleetModel } from '../../reports/model/fleet.ts';
import { readChangeModel } from '../../reports/model/fleet-change.ts';
import { writeSession } from '../cli/stored-session.ts';
import { archiveOf, linesFor } from '../fleet/host-stream.ts';
import { writeFleet } from '../fleet/synthetic.ts';
import { bytes, cells, json, jsonLine, numbers, words } from './mutate.ts';
import type { Target } from './target.ts';

/** All of them, their files below `dir`. */
export async function fleetTargets(dir: string): Promise<Target[]> {
  return [...records(dir), ...(await logs(dir)), inventory(dir)];
}

/** The report of a folder of sessions, or of a fleet, in all its texts. */
export function fleetTexts(folder: string): void {
  const model = readFleetModel([folder], { program: '0.1.0', by: 'cpu' });
  for (const name of ['terminal', 'json', 'md', 'html'] as const) FLEET_REPORTS[name](model);
  for (const _ of csvPieces(fleetRows(readHosts([folder]).hosts, () => {})));
  const change = readChangeModel(folder, folder, { program: '0.1.0', margin: 0.02, by: undefined });
  terminalText(fleetCompareDocument(change, 'no verdict'));
}

/** `fleet.json` of a small fleet, and `contrasts.csv` of one of its hosts. */
function records(dir: string): Target[] {
  const folder = join(dir, 'fleet');
  const { hosts } = writeFleet(folder, { hosts: 4 }, [{ name: 'lost', state: 'lost', reason: 'gone' }]);
  const files = {
    'fleet.json': join(folder, 'fleet.json'),
    contrasts: join(folder, hosts[0]?.session ?? '', 'contrasts.csv'),
  };
  return Object.entries(files).map(([name, file]) => ({
    name: `fleet: ${name}`,
    seed: readFileSync(file),
    mutations: name === 'fleet.json' ? [json, json, numbers, bytes] : [cells, cells, numbers, bytes],
    async read(input, attempt) {
      writeFileSync(file, input);
      try {
        await attempt('fleet', () => {
          readFleet(folder);
          fleetTexts(folder);
        });
      } finally {
        writeFileSync(file, this.seed);
      }
    },
  }));
}

/** What a host says, as its own log, and as lines that `kubectl` marked. A changed one brings the same session, or none. */
async function logs(dir: string): Promise<Target[]> {
  const session = writeSession({
    out: join(dir, 'said'),
    name: '20261123T170000Z-abcdef',
    plan: { rounds: 2, blocks: 1 },
  });
  const seal = sealOf(session);
  const said = linesFor(session, await archiveOf(session), { host: 'node1' });
  const forms = { 'fleet: log': said, 'fleet: pods': said.map((line) => `[pod/x-0/measure] ${line}`) };
  const path = join(dir, 'host.log');
  return Object.entries(forms).map(([name, lines]) => ({
    name,
    seed: Buffer.from(lines.join('')),
    // A line that a pod's name is before is no JSON.
    mutations: [...(lines === said ? [jsonLine, jsonLine] : []), words, numbers, bytes],
    read: (input, attempt) =>
      attempt(name, async () => {
        const out = join(dir, 'collected');
        mkdirSync(join(out, 'hosts'), { recursive: true });
        writeFileSync(path, input);
        try {
          const hosts = await collected(out, path);
          if (input.equals(Buffer.from(lines.join(''))) && hosts.length !== 1) throw new Error('it was not taken');
          if (hosts.some((host) => host.seal !== seal)) throw new Error('a changed session was taken');
          const left = readdirSync(join(out, 'hosts')).filter((name) => name.startsWith('.'));
          if (left.length > 0) throw new Error(`left: ${left.join(' ')}`);
        } finally {
          rmSync(out, { recursive: true, force: true });
        }
      }),
  }));
}

/** Hosts whose session arrived, as the fleet's file says. */
async function collected(out: string, path: string) {
  const record = new FleetRecord(out, {
    ...{
      schema: 1,
      fleet: 'fuzz',
      program: '0.1.0',
      command: 'boxmark fleet collect',
      startedAt: AT,
      finishedAt: null,
    },
    ...{ transport: 'collected', parallel: 1, image: null, planDigest: '0'.repeat(64), hosts: [] },
  });
  const collector = new Collector(record, null);
  await readLog(collector, { kind: 'log', path, name: null });
  record.plan(collector.planDigest ?? '0'.repeat(64));
  record.finish(AT);
  return readFleet(out).hosts.filter(({ state }) => state === 'measured');
}

const AT = '2026-11-23T17:00:00.000Z';

function inventory(dir: string): Target {
  const file = join(dir, 'hosts.yaml');
  return {
    name: 'inventory',
    seed: Buffer.from(`hosts:
  - host: ada@node1
    name: one
    port: 2222
    identity: keys/one
    labels: { rack: a1, model: "R6525" }
  - { host: node2.example, user: bench, config: ssh_config }
  - { host: 192.0.2.7 }
`),
    mutations: [words, numbers, bytes],
    read: (input, attempt) =>
      attempt('inventory', () => {
        writeFileSync(file, input);
        readInventory(file);
      }),
  };
}
