import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxmark, eventually, REHEARSAL, rehearse, sessions, start, tracesOf, workspaceOf } from './program.ts';

const TINY = ['--size', 'tiny', '--burst', '1ms', '--rounds', '4', '-q'];
const isRoot = process.getuid?.() === 0;

let out: string;
beforeEach(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

function rows(dir: string, file: string): Record<string, string>[] {
  return parse(readFileSync(join(dir, file)), { columns: true }) as Record<string, string>[];
}

/** The only session in `out`. */
function onlySession(): string {
  const [dir = '', ...more] = sessions(out);
  expect(more).toEqual([]);
  return dir;
}

function sessionInfo(dir: string) {
  return JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8'));
}

it('a glance measures three blocks without long visits, keeps its control, and ends with the command for more', async () => {
  const ended = await rehearse('run', '-e', 'native,unshare', '-w', 'fft', '--profile', 'glance', '-o', out, '-q');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const dir = onlySession();
  expect(sessionInfo(dir)).toMatchObject({
    stopReason: 'blocks',
    blocksCompleted: 3,
    plan: { profile: 'glance', rounds: 12, longVisits: 0, pilotBursts: 10 },
  });
  const samples = rows(dir, 'samples.csv');
  expect(new Set(samples.map(({ env }) => env))).toEqual(new Set(['native', 'unshare', 'native@control']));
  expect(new Set(samples.map(({ phase }) => phase))).toEqual(new Set(['warmup', 'lead', 'measure']));
  expect(rows(dir, 'contrasts.csv').map(({ verdict }) => verdict)).not.toContain('equivalent');
  expect(ended.stdout.replace(/\n\s*/g, ' ')).toMatch(/A glance gives bounds\. .*: boxmark run .*--profile quick/);
  // An open threshold has a code of its own: a glance keeps none.
  const gated = await rehearse(
    ...['run', '-e', 'native,unshare', '-w', 'fft', '--profile', 'glance', '-o', out, '-q'],
    ...['--fail-if', 'any > 40%'],
  );
  expect(gated.code).toBe(4);
});

/** Starts a long session and waits until its first rounds are written. */
async function longSession(env: string, ...more: string[]) {
  const running = start([
    'run',
    '-e',
    env,
    '--blocks',
    '50',
    '--rounds',
    '50',
    '-o',
    out,
    '-q',
    '--burst',
    '1ms',
    '--size',
    'tiny',
    ...more,
  ]);
  const dir = await eventually(() => {
    const [found] = sessions(out);
    return found !== undefined && rowsSoFar(found) > 50 ? found : undefined;
  });
  const workspace = workspaceOf(running.child.pid);
  const id = (workspace ?? '').replace('/var/tmp/boxmark-', '');
  expect(id).toMatch(/^[0-9a-f]{8}$/);
  return { ...running, dir, id };
}

function rowsSoFar(dir: string): number {
  try {
    return readFileSync(join(dir, 'samples.csv'), 'utf8').split('\n').length;
  } catch {
    return 0;
  }
}

describe('a session from the command line', () => {
  it('measures, prints one JSON document, and writes files that verify', async () => {
    const ended = await boxmark('run', '-e', 'native,unshare', '--blocks', '2', ...TINY, '-o', out, '--json');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const summary = JSON.parse(ended.stdout);
    expect(summary.contrasts.map((row: { env: string; workload: string }) => `${row.env} ${row.workload}`)).toEqual(
      ['fft', 'sor', 'monte-carlo', 'sparse', 'lu', 'suite'].map((workload) => `unshare ${workload}`),
    );
    const dir = onlySession();
    const check = await boxmark('check', dir, '--nagios');
    expect(check.stdout).toMatch(/^BOXMARK OK - .*: finished .* \d+ samples whole \|/);
    expect(check.code).toBe(0);
    const samples = rows(dir, 'samples.csv');
    expect(samples.every(({ ok }) => ok === 'true')).toBe(true);
    expect(new Set(samples.map(({ env }) => env))).toEqual(new Set(['native', 'unshare', 'native@control']));
    const { environments, image } = sessionInfo(dir);
    for (const { facts } of environments) {
      expect(facts).toMatchObject({ payload_sha256: image.payload, node_sha256: image.node, image_matches: true });
    }
    expect(environments[1].facts).toMatchObject({
      pid: 1,
      no_new_privs: '1',
      capabilities_effective: '0000000000000000',
    });
    expect(environments[1].facts.cpus_allowed).toBe(environments[0].facts.cpus_allowed);
  });

  it('prints a comparison of at most 80 columns with honest labels', async () => {
    const ended = await rehearse('run', '-e', 'native,unshare', '--blocks', '1', ...TINY, '-o', out);
    expect(ended.code).toBe(0);
    for (const line of ended.stdout.split('\n'))
      if (!/^(Files|Report): /.test(line)) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(ended.stdout).toMatch(/quick/);
    expect(ended.stdout).toMatch(/control/);
  });

  it('a dry run prints the plan and its estimate and leaves nothing', async () => {
    const ended = await rehearse('run', '-e', 'native,unshare', '--dry-run', '--seed', '5', '-o', join(out, 'results'));
    expect(ended.stdout).toMatch(/environments {2}native, unshare/);
    expect(ended.stdout).toMatch(/estimate {6}about/);
    expect(ended.code).toBe(0);
    expect(readdirSync(out)).toEqual([]);
  });

  it('says before the first block what can not be measured, why, and what to try', async (ctx) => {
    const loud = TINY.filter((flag) => flag !== '-q');
    const ended = await rehearse(
      'run',
      '-e',
      'native,unshare,openvz',
      '--blocks',
      '1',
      '-w',
      'fft',
      ...loud,
      '-o',
      out,
    );
    if (ended.stderr.includes('native, unshare, openvz')) return ctx.skip('OpenVZ can run here');
    const [before = '', after] = ended.stderr.split('calibrating');
    expect(after).toBeDefined();
    expect(before).toMatch(/^environments {2}native, unshare$/m);
    expect(before).toMatch(/^cannot run {4}openvz: .+ \(try: .+\)$/m);
  });

  it('adds the baseline when it is not listed', async () => {
    const ended = await rehearse('run', '-e', 'unshare', '--blocks', '1', '-w', 'fft', ...TINY, '-o', out, '--json');
    expect(JSON.parse(ended.stdout).environments[0]).toMatchObject({ env: 'native', role: 'baseline' });
  });
});

describe.skipIf(!isRoot)('an environment that is missing', () => {
  // The engine's binary is hidden from this run only.
  const without = (binary: string) => [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `[ -e ${binary} ] && mount --bind /dev/null ${binary}; exec "$@"`,
    'sh',
  ];
  const args = ['run', '--blocks', '1', '-w', 'fft', ...TINY];
  const runWithout = (environments: string, ...more: string[]) =>
    start([...args, '-e', environments, ...more, '-o', out], without('/usr/bin/linux.uml'), { main: REHEARSAL }).ended;

  it('asked for by name costs exit code 1, with reason and remedy; the others are measured all the same', async () => {
    const ended = await runWithout('native,unshare,uml');
    expect(ended.stdout).toMatch(/Could not run\s+uml: /);
    expect(ended.stdout).toMatch(/Try: .*boxmark setup/s);
    expect(ended.stderr).toMatch(/no data from uml/);
    expect(ended.code).toBe(1);
    expect(
      rows(onlySession(), 'samples.csv').filter(({ env, phase }) => env === 'native' && phase === 'measure'),
    ).toHaveLength(6);
  });

  it('costs nothing with --keep-going, or when an alias can stand for another', async () => {
    const kept = await runWithout('native,unshare,uml', '--keep-going');
    expect(kept.code).toBe(0);
  });

  it('ends the run at once where nothing else is left to compare with the baseline', async () => {
    const ended = await runWithout('native,uml');
    expect(ended.stderr).toMatch(
      /Nothing is left to compare with native: uml: .*\n {2}received: uml\n {2}try: .*--keep-going/,
    );
    expect(ended.code).toBe(1);
    expect(sessions(out)).toEqual([]);
    expect((await runWithout('native,uml', '--keep-going')).code).toBe(0);
  });
});

describe.skipIf(!isRoot)('boxmark doctor', () => {
  it('tries every layer, and says of each that can not run why, and what to try', async () => {
    const engines = 'docker dockerd podman runc crun runsc lxc-start systemd-nspawn linux.uml qemu-system-x86_64 bwrap';
    const hide = `for name in ${engines}; do file=$(command -v $name) && mount --bind /dev/null $file; done; exec "$@"`;
    const ended = await start(['doctor', '--json', '-q'], ['unshare', '--mount', 'sh', '-c', hide, 'sh']).ended;
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const rows: { path: string; available: boolean; found: string; remedy: string | null }[] = JSON.parse(
      ended.stdout,
    ).environments;
    const can = rows.filter(({ available }) => available);
    expect(can.map(({ path }) => path)).toEqual(['native', 'unshare', 'unshare/unshare']);
    for (const { found, remedy } of can) expect([found, remedy]).toEqual([expect.stringMatching(/\d/), null]);
    const missing = rows.filter(({ available }) => !available);
    expect(missing.map(({ path }) => path)).toEqual(expect.arrayContaining(['docker', 'docker/docker', 'qemu', 'uml']));
    for (const { path, found, remedy } of missing) {
      expect(found, path).not.toBe('');
      expect(remedy, path).toMatch(/\w/);
    }
  });
});

describe.skipIf(!isRoot)('the end of a run', () => {
  it('after Ctrl-C is code 130, whole blocks kept, and nothing left on the host', async () => {
    const { child, ended, dir, id } = await longSession('native,unshare');
    expect(tracesOf(id).length).toBeGreaterThan(2);
    child.kill('SIGINT');
    const end = await ended;
    expect(end.code).toBe(130);
    expect(end.stderr).toMatch(/interrupted/);
    expect(sessionInfo(dir).stopReason).toBe('interrupted');
    expect((await boxmark('check', dir)).code).toBe(0);
    expect(tracesOf(id)).toEqual([]);
  });

  it('after a kill leaves what boxmark clean finds and removes, and nothing more', async () => {
    const { child, ended, id } = await longSession('native,unshare');
    child.kill('SIGKILL');
    await ended;
    expect(tracesOf(id)).not.toEqual([]);
    const dry = await boxmark('clean', '--dry-run');
    expect(dry.stdout).toContain(`boxmark-${id}`);
    expect(tracesOf(id)).not.toEqual([]);
    expect((await boxmark('clean')).code).toBe(0);
    expect(tracesOf(id)).toEqual([]);
  });

  it('on a full disk is code 1 with a plain reason, whole rows, and nothing left on the host', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', out]);
    try {
      const running = start([
        'run',
        '-e',
        'native,unshare',
        '--blocks',
        '50',
        '-o',
        out,
        '-q',
        '--burst',
        '1ms',
        '--size',
        'tiny',
        // It would notice before the first row is written.
        '--no-guard',
      ]);
      const workspace = await eventually(() => workspaceOf(running.child.pid));
      const ended = await running.ended;
      expect(ended.stderr).toMatch(/disk is full/);
      expect(ended.code).toBe(1);
      const text = readFileSync(join(onlySession(), 'samples.csv'), 'utf8');
      expect(text.endsWith('\n')).toBe(true);
      expect(parse(text, { columns: true }).length).toBeGreaterThan(50);
      expect(tracesOf(workspace.replace('/var/tmp/boxmark-', ''))).toEqual([]);
    } finally {
      execFileSync('umount', [out]);
    }
  });

  it("with a daemon killed in mid-run: the other environments' data is whole", async (context) => {
    const running = start([
      'run',
      '-e',
      'native,docker,unshare',
      '--blocks',
      '2',
      '--rounds',
      '20',
      '-w',
      'fft',
      '-o',
      out,
      '-q',
      '--size',
      'tiny',
      '--burst',
      '3ms',
    ]);
    const dir = await eventually(() => sessions(out).find((found) => rowsSoFar(found) > 50));
    const workspace = workspaceOf(running.child.pid) ?? '';
    const [missing] = sessionInfo(dir).unavailable;
    if (missing !== undefined) {
      await running.ended;
      return context.skip(missing.reason);
    }
    const events = readFileSync(join(dir, 'events.jsonl'), 'utf8').trim().split('\n');
    const daemon = events.map((line) => JSON.parse(line)).find(({ kind }) => kind === 'docker-daemon');
    if (daemon === undefined) {
      running.child.kill('SIGINT');
      await running.ended;
      return context.skip('a daemon of the user is in use; it is not ours to kill');
    }
    process.kill(daemon.pid, 'SIGKILL');
    const ended = await running.ended;
    const starts = rows(dir, 'starts.csv');
    expect(starts.filter(({ env, status }) => env === 'unshare' && status === 'completed')).toHaveLength(2);
    expect(starts.filter(({ env, status }) => env === 'native' && status === 'completed')).toHaveLength(2);
    expect(starts.some(({ env, status }) => env === 'docker' && status !== 'completed')).toBe(true);
    expect(ended.stdout).toMatch(/docker/);
    expect((await boxmark('check', dir)).code).toBe(0);
    expect(tracesOf(workspace.replace('/var/tmp/boxmark-', ''))).toEqual([]);
  }, 300_000);
});

describe('the ladder on real engines', () => {
  it('native, docker, docker/docker, unshare/unshare, uml and qemu in one session, wherever they can run', async (context) => {
    const wanted = ['native', 'docker', 'docker/docker', 'unshare/unshare', 'uml', 'qemu'];
    const planned = await boxmark('run', '-e', wanted.join(','), '--dry-run', '--keep-going', '-q');
    const ladder = /^environments +(.+)$/m.exec(planned.stdout)?.[1]?.split(', ') ?? [];
    if (ladder.length < 2) return context.skip('only native can run here');
    const args = [
      '--blocks',
      '1',
      '--rounds',
      '2',
      '-w',
      'fft,sparse',
      '--size',
      'tiny',
      '--burst',
      '1ms',
      '--contrast',
      `${ladder.at(-1)}..${ladder[1]}`,
    ];
    const ended = await boxmark('run', '-e', ladder.join(','), ...args, '-o', out, '-q', '--json');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const dir = onlySession();
    const starts = rows(dir, 'starts.csv');
    expect(starts.map(({ env, status }) => `${env} ${status}`).sort()).toEqual(
      [...ladder, 'native@control'].map((env) => `${env} completed`).sort(),
    );
    const info = sessionInfo(dir);
    for (const { path, facts } of info.environments) {
      expect(facts, path).toMatchObject({ payload_sha256: info.image.payload, image_matches: true });
    }
    const [native] = info.environments;
    for (const { path, facts } of info.environments) {
      const guest = path === 'uml' || path === 'qemu';
      expect(facts.kernel === native.facts.kernel, `${path} shares the kernel`).toBe(!guest);
      if (!guest) expect(facts.cpus_allowed, path).toBe(native.facts.cpus_allowed);
    }
    if (ladder.includes('docker/docker')) {
      const nested = info.environments.find(({ path }: { path: string }) => path === 'docker/docker');
      const outer = info.environments.find(({ path }: { path: string }) => path === 'docker');
      expect(nested.versions.docker).toBe(outer.versions.docker);
    }
    expect((await boxmark('check', dir)).code).toBe(0);
    // An emulated processor takes its time.
  }, 480_000);
});
