/** What `npm run test:emulated` decides by, without a machine: sources, the console's lines, and what counts as a problem. */

import { describe, expect, it } from 'vitest';
import { doctorProblems, unequalSums } from './checks.ts';
import { HOSTS, isKvm } from './hosts.ts';
import { jobScript, readReport } from './job.ts';
import { sourcesOf } from './root.ts';

describe('the sources of a root', () => {
  const targets = [
    'Debian|http://mirror.example/debian/|bookworm|main',
    'Debian|http://mirror.example/debian/|bookworm|main',
    'Somebody|http://other.example/|stable|main',
    'Debian|http://mirror.example/debian-security/|bookworm-security|main',
    '',
  ].join('\n');

  it("are the host's own of Debian, each once", () => {
    expect(sourcesOf(targets, null)).toEqual([
      'deb http://mirror.example/debian/ bookworm main',
      'deb http://mirror.example/debian-security/ bookworm-security main',
    ]);
  });

  it('name the keyring where there is one', () => {
    expect(sourcesOf(targets, '/keys.gpg')[0]).toBe(
      'deb [signed-by=/keys.gpg] http://mirror.example/debian/ bookworm main',
    );
  });
});

describe('the job of an emulated host', () => {
  it('runs its steps in order, with their limits, and quotes their arguments', () => {
    const script = jobScript({}, [
      { name: 'one', argv: ['node', "it's"], limitSeconds: 60 },
      { name: 'two', argv: ['true'], limitSeconds: 5 },
    ]);
    expect(script).toContain("step one 60 'node' 'it'\\''s'\nstep two 5 'true'\n");
    expect(script).not.toContain('modprobe');
    expect(jobScript({ kvmModule: 'kvm_amd' }, [])).toContain('modprobe kvm_amd\n');
  });

  it('reports on the console in lines that are read back, among those of the kernel', () => {
    expect(readReport('boxmark-lab up 6.1.0 x86_64 kvm=yes\r')).toEqual({ kind: 'up', text: '6.1.0 x86_64 kvm=yes' });
    expect(readReport('boxmark-lab begin run')).toEqual({ kind: 'begin', name: 'run' });
    expect(readReport('boxmark-lab end run 1 95')).toEqual({ kind: 'end', name: 'run', code: 1, seconds: 95 });
    expect(readReport('boxmark-lab saved')).toEqual({ kind: 'saved' });
    expect(readReport('[    1.0] boxmark-lab begin run')).toBeNull();
    expect(readReport('boxmark-labels')).toBeNull();
  });
});

describe('the checks of what came out', () => {
  const rows = (qemu: string, available = true) =>
    JSON.stringify({
      environments: [
        { path: 'native', available: true, found: 'v20' },
        { path: 'qemu', available, found: qemu },
      ],
    });

  it('find an environment that doctor cannot run, and a qemu that is not KVM', () => {
    const paths = ['native', 'qemu:kvm:patience=60s'];
    expect(doctorProblems(rows('7.2; KVM'), paths)).toEqual([]);
    expect(doctorProblems(rows('7.2; emulated (TCG)'), paths)).toHaveLength(1);
    expect(doctorProblems(rows('no guest boots', false), paths)).toEqual([
      'doctor finds no qemu:kvm:patience=60s: no guest boots',
    ]);
    expect(doctorProblems(rows('7.2; KVM'), ['lxc'])).toEqual(['doctor does not name lxc']);
    expect(doctorProblems('', paths)).toEqual(['doctor printed no document']);
  });

  it('find a checksum that differs or is missing on either side', () => {
    expect(unequalSums({ a: '1', b: '2' }, { a: '1', b: '2' })).toEqual([]);
    expect(unequalSums({ a: '1', b: '2' }, { a: '3', c: '4' })).toEqual([
      'checksum of a: 3 instead of 1',
      'checksum of b: none instead of 2',
      'checksum of c: 4 instead of none',
    ]);
  });

  it('are made on a host with KVM, and on one with another processor', () => {
    expect(HOSTS.x64.environments.some(isKvm)).toBe(true);
    expect(HOSTS.arm64.environments).toContain('native');
  });
});
