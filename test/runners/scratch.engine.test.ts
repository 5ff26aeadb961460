/** Workloads of the disk in every engine that is here: where they write, what is refused, and that nothing is left of it. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSession } from '../../bench/session/load.ts';
import { RUNNERS } from '../../runners/index.ts';
import { eventually, start, workspaceOf } from '../cli/program.ts';
import { leftoversOf } from '../leftovers.ts';

const RUN = ['run', '-w', 'beyond-caches', '--size', 'tiny', '--blocks', '1', '--rounds', '4', '-q'];
const WORKLOADS = ['disk-write', 'disk-sync', 'disk-sync.median', 'disk-sync.p99', 'disk-read', 'random-access'];
const OF_THE_HOST = 'the file system of the host';

/** With what a box has its data on, and whether its reads may come from a cache outside of it. */
const ENGINES: readonly { readonly path: string; readonly fs: string | RegExp; readonly behindCache?: true }[] = [
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
  { path: 'gvisor', fs: /^9p$/, behindCache: true },
  { path: 'docker:runsc', fs: /^9p$/, behindCache: true },
  { path: 'runc/runc', fs: OF_THE_HOST },
  { path: 'native/slow:50%', fs: OF_THE_HOST },
];

let out: string;
beforeAll(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe.each(ENGINES)('$path', ({ path, fs, behindCache }) => {
  it('gives its payload a folder on its storage, which is named, measured and removed', async (ctx) => {
    const running = start([...RUN, '-e', `native,${path}`, '-o', out, '--json', '--keep-going']);
    const id = await eventually(() => workspaceOf(running.child.pid)?.slice(-8));
    const { stdout, stderr } = await running.ended;
    expect(leftoversOf(id)).toEqual([]);
    const { session } = JSON.parse(stdout || '{}') as { session?: string };
    expect(session, stderr).toBeDefined();
    const { info, events } = await loadSession(join(out, session ?? ''));
    const [lacking] = info.unavailable;
    if (lacking !== undefined) return ctx.skip(`${lacking.reason} (${lacking.remedy})`);
    const factsOf = (env: string) => info.environments.find((one) => one.path === env)?.facts;
    const native = String(factsOf('native')?.scratch_fs);
    expect(native).toMatch(/\S/);
    expect(factsOf(path)?.scratch_fs).toEqual(fs === OF_THE_HOST ? native : expect.stringMatching(fs));
    expect(String(factsOf(path)?.scratch_options)).toMatch(/^rw\b/);
    const refused = behindCache === true ? ['disk-read'] : [];
    expect(events.flatMap((event) => (event.kind === 'workload-refused' ? [event.workload] : []))).toEqual(refused);
    expect(ratiosOf(join(out, session ?? ''), path)).toEqual(WORKLOADS.filter((id) => !refused.includes(id)));
  }, 300_000);
});

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
  expect(named.filter((name) => name !== 'native' && !tested.includes(name))).toEqual([]);
});
