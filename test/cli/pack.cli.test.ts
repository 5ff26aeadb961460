/** Packs: what is in them, what reads them, what an anonymous one leaves out, and what a stranger's may not do. */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse as parseCsv } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { integrityOf } from '../../bench/kinds/whole-check.ts';
import { makePlan, planSettings } from '../../bench/plan/plan.ts';
import { readSessionInfo } from '../../bench/session/load.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { writeManifest } from '../../bench/session/store.ts';
import { KERNEL_IDS, NAMED_WORKLOADS } from '../../cli/names.ts';
import { anonymise } from '../../cli/pack/anonymise.ts';
import { readPlanFile } from '../../cli/session/plan-file.ts';
import { type TarMember, tarBytes } from '../../runners/image/tar.ts';
import { boxmark, rehearse, start, workspaceOf } from './program.ts';
import { HARDWARE, STACK, writeSession } from './stored-session.ts';

const NAME = '20261123T170000Z-abcdef';
let dir: string;
let session: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  session = writeSession({ out: join(dir, 'results'), name: NAME, plan: { rounds: 4, blocks: 3 } });
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function packed(...flags: readonly string[]): Promise<string> {
  const file = join(dir, `${flags.length}.tar.gz`);
  const ended = await boxmark('pack', session, '-o', file, ...flags);
  expect(ended.code, ended.stderr).toBe(0);
  return file;
}

function unpacked(file: string): string {
  const into = mkdtempSync(join(dir, 'unpacked-'));
  execFileSync('tar', ['xzf', file, '-C', into]);
  return join(into, NAME);
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((one) => one.isFile()).map((one) => relative(folder, join(one.parentPath, one.name)));
}

describe('a pack', () => {
  it('has the session, its report, its plan, descriptions, and sums that sha256sum verifies', async () => {
    const folder = unpacked(await packed());
    expect(filesBelow(folder).sort()).toEqual([
      'SHA256SUMS',
      'contrasts.csv',
      'datapackage.json',
      'events.jsonl',
      'manifest.json',
      'plan.yaml',
      'report/report.html',
      'report/report.md',
      'ro-crate-metadata.json',
      'samples.csv',
      'session.json',
      'starts.csv',
    ]);
    expect(sealOf(folder)).toBe(sealOf(session));
    const summed = spawnSync('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' });
    expect(summed).toMatchObject({ status: 0, stderr: '' });
    expect(summed.stdout.trim().split('\n')).toHaveLength(11);
    expect((await boxmark('check', folder)).code).toBe(0);
  });

  it('has the same bytes each time, sorted, of nobody, with the date of the session', async () => {
    const first = readFileSync(await packed());
    expect(readFileSync(await packed()).equals(first)).toBe(true);
    writeFileSync(join(dir, 'first.tar.gz'), first);
    const args = ['tzvf', join(dir, 'first.tar.gz'), '--numeric-owner', '--full-time'];
    const listed = execFileSync('tar', args, { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } })
      .trim()
      .split('\n');
    for (const line of listed) expect(line).toMatch(/^[-d]rw.r-.r-. 0\/0 +\d+ 2026-11-23 17:03:00 /);
    const names = listed.map((line) => line.split(' ').at(-1)?.replace(/\/$/, ''));
    expect(names).toEqual(names.toSorted());
  });

  it('has a plan that run --plan makes the same plan of', async () => {
    const { plan } = readSessionInfo(session);
    const settings = planSettings(readPlanFile(join(unpacked(await packed()), 'plan.yaml')), {
      workloads: KERNEL_IDS,
      ...NAMED_WORKLOADS,
      seed: 0,
      limitsFor: (cpus, memoryBytes) => ({ ...plan.limits, cpus: [...(cpus ?? [])], memoryBytes }),
    });
    const environments = plan.environments.map(({ path }) => ({ path }));
    const again = makePlan(
      settings,
      settings.requested.map((path) => ({ path })),
      settings.baseline,
    );
    const { seed, workloads, size, kernels, minBlocks, maxBlocks, target, margin, burstNs, limits } = plan;
    const expected = { seed, workloads, size, kernels, minBlocks, maxBlocks, target, margin, burstNs, limits };
    expect(again).toMatchObject({ ...expected, environments });
  });

  it('describes every column of its tables, and every file', async () => {
    const folder = unpacked(await packed());
    const { resources } = JSON.parse(readFileSync(join(folder, 'datapackage.json'), 'utf8'));
    expect(resources.map(({ path }: { path: string }) => path)).toEqual(['samples.csv', 'starts.csv', 'contrasts.csv']);
    for (const { path, schema } of resources) {
      const rows = parseCsv(readFileSync(join(folder, path), 'utf8'), { columns: true }) as Record<string, string>[];
      expect(schema.fields.map(({ name }: { name: string }) => name)).toEqual(Object.keys(rows[0] ?? {}));
      for (const { name, type, description, constraints } of schema.fields) {
        expect(description).not.toBe('');
        for (const row of rows) {
          const cell = row[name] ?? '';
          if (constraints.required) expect(cell).not.toBe('');
          if (constraints.enum && cell !== '') expect(constraints.enum).toContain(cell);
          if (type === 'integer') expect(cell).toMatch(/^-?\d*$/);
          if (type === 'number') expect(Number(cell)).not.toBeNaN();
          if (type === 'boolean') expect(['true', 'false', '']).toContain(cell);
        }
      }
    }
    const crate = JSON.parse(readFileSync(join(folder, 'ro-crate-metadata.json'), 'utf8'));
    const root = crate['@graph'].find((one: { '@id': string }) => one['@id'] === './');
    const ids = new Set(crate['@graph'].map((one: { '@id': string }) => one['@id']));
    expect(ids.size).toBe(crate['@graph'].length);
    for (const part of [...root.hasPart, root.license, root.mentions]) expect(ids).toContain(part['@id']);
    expect(root.hasPart.map((part: { '@id': string }) => part['@id'])).toContain('samples.csv');
  });

  it('is read by check, report, export, verify and compare as the folder is, and refused by resume', async () => {
    const file = await packed();
    const checked = await boxmark('check', file);
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining(`Seal: ${sealOf(session)}`) });
    const reports = await Promise.all(
      [session, file].map((one) => boxmark('report', one, '--format', 'md', '-o', '-')),
    );
    expect(reports[1]).toEqual(reports[0]);
    const exports = await Promise.all([session, file].map((one) => boxmark('export', one, '--as', 'junit')));
    expect(exports[1]).toEqual(exports[0]);
    expect((await boxmark('verify', file)).code).toBe(0);
    const other = writeSession({ out: join(dir, 'results'), name: 'other', plan: { rounds: 4, blocks: 3 } });
    const compared = await boxmark('compare', '--stored', file, other);
    expect(compared.stdout, compared.stderr).toContain('docker');
    const resumed = await boxmark('resume', file, '--max-blocks', '9');
    expect(resumed).toMatchObject({ code: 2, stderr: expect.stringMatching(/not resumed[\s\S]*try: tar xf/) });
    const again = await boxmark('pack', file);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('an archive already') });
  });

  it('is reproduced', { timeout: 120_000 }, async () => {
    const out = join(dir, 'out');
    const run = [
      'run',
      '-e',
      'native',
      '-w',
      'fft',
      '--size',
      'tiny',
      '--rounds',
      '2',
      '--blocks',
      '2',
      '--burst',
      '1ms',
    ];
    expect((await rehearse(...run, '-q', '-o', out)).code).toBe(0);
    const [name = ''] = readdirSync(out);
    const file = join(dir, 'run.tar.gz');
    expect((await boxmark('pack', join(out, name), '-o', file)).code).toBe(0);
    const ended = await rehearse('reproduce', file, '-q', '-o', join(dir, 'again'));
    expect(ended.code, ended.stderr).toBe(0);
  });

  it('signed is verified with the key', async () => {
    const key = join(dir, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const file = await packed('--sign', key);
    expect(await boxmark('check', file, '--key', `${key}.pub`)).toMatchObject({ code: 0 });
    expect(existsSync(join(session, 'manifest.sig'))).toBe(false);
  });

  it('of a session without a manifest is not made', async () => {
    rmSync(join(session, 'manifest.json'));
    const ended = await boxmark('pack', session, '-o', join(dir, 'x.tar.gz'));
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringMatching(/no manifest[\s\S]*try: boxmark resume/) });
    expect(existsSync(join(dir, 'x.tar.gz'))).toBe(false);
  });
});

describe('an anonymous pack', () => {
  const SECRETS = [
    'zeppelin',
    'ada.example',
    'adalove',
    'secretplan',
    'sda7',
    '192.0.2.17',
    '0d3adb33',
    'S3R1AL',
    'balloon',
    '2001:db8::17',
    'de-ad-be-ef-00-17',
    'gracehop',
    'registry.corp',
  ];
  const FOREIGN = 'ssh:host=zeppelin.ada.example:user=adalove';

  function plant(): string {
    const environments = [{ path: 'native' }, { path: 'docker' }, { path: FOREIGN }];
    const out = join(dir, 'planted');
    const planted = writeSession({ out, name: NAME, plan: { environments, rounds: 4, blocks: 3 } });
    const file = join(planted, 'session.json');
    const info = JSON.parse(readFileSync(file, 'utf8'));
    info.host.name = 'zeppelin';
    info.host.stack.kernelParameters = ['root=UUID=0d3adb33-0000-4000-8000-00000000beef'];
    info.command = 'boxmark run --plan /home/adalove/secretplan.yaml';
    info.resumed = [{ at: info.startedAt, program: '0.1.0', command: 'boxmark resume /srv/secretplan', blocksKept: 1 }];
    for (const one of info.environments)
      one.facts = { devices: 'null sda7', root_filesystem: '/dev/disk/by-id/S3R1AL' };
    info.unavailable = [
      { path: 'ssh:host=balloon', reason: 'ssh:host=balloon is off', remedy: 'switch it on' },
      { path: 'podman', reason: 'no /home/adalove/.local on zeppelin', remedy: 'ask adalove' },
    ];
    info.plan.commands = [
      {
        id: 'sor',
        command: ['./balloon', 'secretplan.csv', '--in=/home/adalove/x', '-n', '1.5'],
        argv: ['@image/boxmark/bin/sor', 'secretplan.csv', '--in=/home/adalove/x', '-n', '1.5'],
        env: { OWNER: 'adalove' },
        files: ['../secretplan:data'],
        setup: 'cp /srv/secretplan .',
      },
    ];
    writeFileSync(file, JSON.stringify(info));
    const event = {
      at: info.startedAt,
      kind: 'failed',
      env: FOREIGN,
      block: 2,
      reason: 'ssh adalove@192.0.2.17: sda7 /srv/secretplan',
    };
    const reasons = [
      event.reason,
      'dial tcp [2001:db8::17]:443 (de-ad-be-ef-00-17): lookup registry.corp.example.com: no such host',
      'cc -I/home/gracehop/include: gracehop may not: uid=1000(gracehop)',
    ];
    const lines = reasons.map((reason) => `${JSON.stringify({ ...event, reason })}\n`);
    appendFileSync(join(planted, 'events.jsonl'), lines.join(''));
    writeManifest(planted);
    return planted;
  }

  it('has none of the names of host, users, files and devices in any of its bytes', async () => {
    session = plant();
    const folder = unpacked(await packed('--anonymous'));
    const [program] = readSessionInfo(folder).plan.commands ?? [];
    expect(program?.argv).toEqual(['@image/boxmark/bin/sor', 'hidden', '--in=hidden', '-n', '1.5']);
    const files = filesBelow(folder);
    expect(files).toContain('report/report.html');
    for (const name of files) {
      const content = readFileSync(join(folder, name), 'latin1').toLowerCase();
      for (const secret of SECRETS) expect(content.includes(secret.toLowerCase()), `${secret} in ${name}`).toBe(false);
    }
    expect(
      SECRETS.filter(
        (secret) => !filesBelow(session).some((name) => readFileSync(join(session, name), 'utf8').includes(secret)),
      ),
    ).toEqual([]);
  });

  it.each(['small', 'fft', 'native', 'host', 'plan', 'docker', 'blocks', 'measure', 'completed', 'failed', 'session'])(
    'is whole when the host is called %s',
    async (name) => {
      const host = { name, fingerprint: 'f'.repeat(64), hardware: HARDWARE, stack: STACK };
      const plan = { rounds: 2, blocks: 2 };
      const named = writeSession({ out: join(dir, 'named'), name: NAME, plan, info: { host } });
      const to = join(dir, 'copy');
      mkdirSync(to);
      anonymise(named, to);
      expect(await integrityOf(to)).toMatchObject({ faults: [] });
      expect(readSessionInfo(to).host.name).toBe('anonymous');
    },
  );

  it('is whole, with the same figures and a seal of its own, and names that of the original', async () => {
    session = plant();
    const file = await packed('--anonymous');
    const checked = await boxmark('check', file);
    expect(checked.code, checked.stdout).toBe(0);
    expect(checked.stdout).toContain(`Anonymised copy of the session with the seal ${sealOf(session)}\n`);
    const folder = unpacked(file);
    expect(sealOf(folder)).not.toBe(sealOf(session));
    const report = readFileSync(join(folder, 'report', 'report.md'), 'utf8').replaceAll(/&#\d+;/g, '');
    expect(report).toContain(`The original has the seal ${sealOf(session)}`);
    const [figures, original] = [folder, session].map((one) =>
      (parseCsv(readFileSync(join(one, 'contrasts.csv'), 'utf8'), { columns: true }) as Record<string, string>[]).map(
        ({ env: _, baseline: __, ...row }) => row,
      ),
    );
    expect(figures).toEqual(original);
  });
});

describe('an archive of a stranger', () => {
  const entry = (path: string, content = 'x'): TarMember[] => [
    { entry: { path, type: 'file', mode: 0o644, size: content.length }, content: Buffer.from(content) },
  ];
  const own = () => entry('s/session.json', '{}');

  async function archive(members: readonly TarMember[]): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of tarBytes(members)) pieces.push(piece);
    const file = join(dir, 'theirs.tar.gz');
    writeFileSync(file, gzipSync(Buffer.concat(pieces)));
    return file;
  }

  it.each([
    ['a path that leads out', () => [...own(), ...entry('s/../../evil')], /it has the path "s\/\.\.\/\.\.\/evil"/],
    ['an absolute path', () => [...own(), ...entry('/etc/evil')], /it has the path "\/etc\/evil"/],
    ['a second folder', () => [...own(), ...entry('t/x')], /it has the path "t\/x"/],
    ['a file twice', () => [...own(), ...own()], /it has "session\.json" twice/],
    ['a file below a file', () => [...own(), ...entry('s/session.json/x')], /twice/],
    ['a file on a folder', () => [...own(), ...entry('s/a/b'), ...entry('s/a')], /it has "a" twice/],
    [
      'a link',
      () => [...own(), { entry: { path: 's/link', type: 'symlink', target: '/etc/passwd' } } as const],
      /"s\/link" is no regular file/,
    ],
    ['no session', () => entry('s/x'), /it has no session\.json/],
    ['nothing', () => [], /it is empty/],
    [
      'too many files',
      () => Array.from({ length: 201 }, (_, index) => entry(`s/${index}`)).flat(),
      /more than 200 entries/,
    ],
  ])('with %s is refused', async (_, members, expected) => {
    const ended = await boxmark('check', await archive(members()));
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(expected);
    expect(existsSync('/etc/evil')).toBe(false);
  });

  it('leaves no folder behind, whether it is taken or refused', async () => {
    const files = [await packed(), await archive(entry('s/x'))];
    for (const [index, file] of files.entries()) {
      const { child, ended } = start(['check', file]);
      expect((await ended).code).toBe(2 * index);
      expect(workspaceOf(child.pid)).toBeUndefined();
    }
  });

  it('that is no archive is refused', async () => {
    const file = join(dir, 'text');
    writeFileSync(file, 'hello');
    expect((await boxmark('report', file)).stderr).toMatch(/not compressed with gzip, or damaged[\s\S]*try:/);
  });

  it('that was changed is found by check, file by file', async () => {
    const folder = unpacked(await packed());
    appendFileSync(join(folder, 'report', 'report.md'), 'and more');
    writeFileSync(join(folder, 'added.txt'), 'added');
    rmSync(join(folder, 'plan.yaml'));
    const file = join(dir, 'changed.tar.gz');
    execFileSync('tar', ['czf', file, '--format=gnu', '-C', join(folder, '..'), NAME]);
    const ended = await boxmark('check', file);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('report/report.md: is not what SHA256SUMS lists');
    expect(ended.stdout).toContain('plan.yaml: is missing, and SHA256SUMS lists it');
    expect(ended.stdout).toContain('added.txt: is not listed in SHA256SUMS');
  });
});
