/** Workloads of the disk in every engine that is here: where they write, what is refused, and that nothing is left of it. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSession } from '../../bench/session/load.ts';
import { RUNNERS } from '../../runners/index.ts';
import { eventually, start, workspaceOf } from '../cli/program.ts';
import { leftoversOf } from '../leftovers.ts';
import { startServer, whyNoServer } from './ssh-server.ts';

const RUN = ['run', '-w', 'beyond-caches', '--size', 'tiny', '--blocks', '1', '--rounds', '4', '-q'];
const WORKLOADS = ['disk-write', 'disk-sync', 'disk-sync.median', 'disk-sync.p99', 'disk-read', 'random-access'];
const OF_THE_HOST = 'the file system of the host';

/** What a box has its data on, and whether its reads may come from a cache outside of it. */
interface Expected {
  readonly fs: string | RegExp;
  readonly behindCache?: boolean;
}

const ENGINES: readonly (Expected & { readonly path: string })[] = [
  { path: 'unshare', fs: OF_THE_HOST },
  { path: 'bwrap', fs: OF_THE_HOST },
  { path: 'runc', fs: OF_THE_HOST },
  { path: 'crun', fs: OF_THE_HOST },
  { path: 'docker', fs: OF_THE_HOST },
  { path: 'podman', fs: OF_THE_HOST },
  { path: 'podman:rootless=yes', fs: OF_THE_HOST },
  { path: 'lxc', fs: OF_THE_HOST },
  { path: 'lxc:app', fs: OF_THE_HOST },
  { path: 'nspawn', fs: OF_THE_HOST },
  { path: 'appc', fs: OF_THE_HOST },
  { path: 'gvisor', fs: /^9p on none$/, behindCache: true },
  { path: 'docker:runsc', fs: /^9p on none$/, behindCache: true },
  { path: 'runc/runc', fs: OF_THE_HOST },
  { path: 'native/slow:50%', fs: OF_THE_HOST },
  { path: 'uml', fs: /^ext4 on ubd$/, behindCache: true },
  { path: 'qemu', fs: /^ext4 on virtio-blk$/ },
];

/** Measured beside all others; against a server; with recorded command lines where there is no KVM. */
const ELSEWHERE = ['native', 'ssh', 'firecracker', 'cloud-hypervisor'];

let out: string;
beforeAll(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** Measures the paths beside native, and that nothing is left. Returns the folder of the session. */
async function measured(...paths: readonly string[]): Promise<string> {
  const running = start([...RUN, '-e', ['native', ...paths].join(','), '-o', out, '--json', '--keep-going']);
  const run = await eventually(() => workspaceOf(running.child.pid)?.slice(-8));
  const { stdout, stderr } = await running.ended;
  expect(leftoversOf(run)).toEqual([]);
  const { session } = JSON.parse(stdout || '{}') as { session?: { id: string } };
  expect(session, stderr).toBeDefined();
  return join(out, session?.id ?? '');
}

/** Returns why the path can't be measured, or checks everything. */
async function check(dir: string, path: string, { fs, behindCache = false }: Expected): Promise<string | undefined> {
  const { info, events } = await loadSession(dir);
  const lacking = info.unavailable.find((one) => one.path === path);
  if (lacking !== undefined) return `${lacking.reason} (${lacking.remedy})`;
  const factsOf = (env: string) => info.environments.find((one) => one.path === env)?.facts;
  const storageOf = (env: string) => `${factsOf(env)?.scratch_fs} on ${factsOf(env)?.scratch_device}`;
  expect(storageOf('native')).toMatch(/^\w+ on \w/);
  expect(storageOf('native')).not.toMatch(/undefined|null/);
  expect(storageOf(path)).toEqual(fs === OF_THE_HOST ? storageOf('native') : expect.stringMatching(fs));
  expect(String(factsOf(path)?.scratch_options)).toMatch(/^rw\b/);
  const refused = behindCache ? ['disk-read'] : [];
  const said = events.flatMap((event) =>
    event.kind === 'workload-refused' && event.env === path ? [event.workload] : [],
  );
  expect(said).toEqual(refused);
  expect(ratiosOf(dir, path)).toEqual(WORKLOADS.filter((id) => !refused.includes(id)));
  return undefined;
}

describe('a payload has a folder on the storage of its box, which is named, measured and removed', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await measured(...ENGINES.map(({ path }) => path));
  }, 900_000);

  it.for(ENGINES)('$path', async ({ path, ...expected }, ctx) => {
    const why = await check(dir, path, expected);
    if (why !== undefined) ctx.skip(why);
  });
});

it('ssh does so on the other host', async (ctx) => {
  const none = whyNoServer();
  if (none !== undefined) return ctx.skip(none);
  const server = await startServer();
  try {
    const why = await check(await measured(server.layer), server.layer, { fs: OF_THE_HOST });
    if (why !== undefined) ctx.skip(why);
  } finally {
    await server.stop();
  }
}, 300_000);

/** Workloads that have a ratio. */
function ratiosOf(dir: string, env: string): string[] {
  const [head = '', ...lines] = readFileSync(join(dir, 'contrasts.csv'), 'utf8').trim().split('\n');
  const at = (name: string) => head.split(',').indexOf(name);
  const cells = lines.map((line) => line.split(','));
  return cells.flatMap((row) => (row[at('env')] === env ? [row[at('workload')] ?? ''] : []));
}

it('every runner that has a folder for data names what it is on', () => {
  const named = RUNNERS.filter(({ storage }) => storage !== undefined).map(({ name }) => name);
  const tested = ENGINES.flatMap(({ path }) => path.split('/')).map((layer) => layer.split(':')[0]);
  expect(named.filter((name) => !tested.includes(name) && !ELSEWHERE.includes(name))).toEqual([]);
});
