/** The configuration of an OCI bundle and seccomp profiles: pure functions of what is asked for. */

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMON_PROFILE, ociSeccomp } from '../../runners/oci/seccomp.ts';
import { type OciPlan, ociSpec } from '../../runners/oci/spec.ts';

interface Spec {
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly process: {
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly noNewPrivileges: boolean;
    readonly capabilities: Readonly<Record<string, readonly string[]>>;
    readonly rlimits?: unknown;
  };
  readonly mounts: readonly {
    readonly destination: string;
    readonly type: string;
    readonly options: readonly string[];
  }[];
  readonly linux: {
    readonly namespaces: readonly { readonly type: string }[];
    readonly cgroupsPath: string;
    readonly resources: unknown;
    readonly readonlyPaths?: readonly string[];
    readonly uidMappings?: unknown;
    readonly seccomp?: unknown;
  };
}

const PLAN: OciPlan = {
  root: '/store/root',
  argv: ['/usr/bin/node', 'a b'],
  cgroup: '/boxmark/0/b1',
  limits: { cpus: [1, 3], memoryBytes: 1 << 29, pids: 64 },
  cgroupNamespace: true,
  swap: true,
};

const specOf = (more: Partial<OciPlan> = {}) => ociSpec({ ...PLAN, ...more }) as Spec;
const namespacesOf = (spec: Spec) => spec.linux.namespaces.map(({ type }) => type).sort();

describe('the configuration of a bundle', () => {
  it('isolates a payload: read-only root, no capabilities, all namespaces, limits without swap', () => {
    const spec = specOf();
    expect(spec.root).toEqual({ path: '/store/root', readonly: true });
    expect(spec.process).toMatchObject({ args: ['/usr/bin/node', 'a b'], noNewPrivileges: true });
    expect(spec.process.env).toEqual(['PATH=/usr/bin:/bin', 'HOME=/']);
    expect(Object.values(spec.process.capabilities).flat()).toEqual([]);
    expect(spec.process.rlimits).toBeUndefined();
    expect(namespacesOf(spec)).toEqual(['cgroup', 'ipc', 'mount', 'network', 'pid', 'uts']);
    expect(spec.linux).toMatchObject({
      cgroupsPath: '/boxmark/0/b1',
      resources: {
        cpu: { cpus: '1,3' },
        memory: { limit: 1 << 29, swap: 1 << 29 },
        pids: { limit: 64 },
      },
    });
    expect(specOf({ swap: false }).linux.resources).toMatchObject({ memory: { limit: 1 << 29 } });
    expect(JSON.stringify(specOf({ swap: false }))).not.toContain('swap');
    expect(spec.linux.readonlyPaths).toContain('/proc/sys');
    expect(spec.linux.seccomp).toBeUndefined();
    const writable = spec.mounts.filter(({ type, options }) => type === 'tmpfs' && !options.includes('ro'));
    expect(writable.map(({ destination }) => destination)).toEqual(['/dev', '/tmp']);
  });

  it('differs in one thing for each setting', () => {
    const plain = specOf();
    const hosts = specOf({ network: 'host' });
    expect(namespacesOf(hosts)).toEqual(namespacesOf(plain).filter((type) => type !== 'network'));
    expect({ ...hosts, linux: { ...hosts.linux, namespaces: plain.linux.namespaces } }).toEqual(plain);
    const users = specOf({ userns: 'yes' });
    expect(namespacesOf(users)).toContain('user');
    expect(users.linux.uidMappings).toEqual([{ containerID: 0, hostID: 0, size: 1 }]);
    const held = specOf({ limits: { cpus: [1], quota: 0.5 } });
    expect(held.linux.resources).toEqual({ cpu: { cpus: '1', quota: 50_000, period: 100_000 } });
    expect(namespacesOf(specOf({ cgroupNamespace: false }))).not.toContain('cgroup');
  });

  it('opens a box that is to hold another as far as that needs, with a read-only root all the same', () => {
    const spec = specOf({ holder: { store: '/s', scratch: '/w', capabilities: ['CAP_SYS_ADMIN'] } });
    expect(spec.root.readonly).toBe(true);
    expect(spec.process.noNewPrivileges).toBe(false);
    expect(spec.process.capabilities.effective).toEqual(['CAP_SYS_ADMIN']);
    expect(spec.mounts.find(({ destination }) => destination === '/boxmark/store')?.options).toContain('ro');
    expect(spec.mounts.find(({ destination }) => destination === '/sys/fs/cgroup')?.options).not.toContain('ro');
    expect(spec.linux.readonlyPaths).toBeUndefined();
  });
});

describe('a seccomp profile', () => {
  const profile = (syscalls: readonly object[], more: object = {}) =>
    JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls, ...more });
  const allow = (name: string, more: object = {}) => ({ names: [name], action: 'SCMP_ACT_ALLOW', ...more });
  const namesOf = (text: string, architecture = 'x64', kernel = '6.1.0-13-amd64') =>
    ociSeccomp(text, architecture, kernel).syscalls.flatMap((rule) => (rule as { names: string[] }).names);

  it('keeps the rules that hold without capabilities on this architecture and kernel', () => {
    const text = profile([
      allow('read'),
      allow('mount', { includes: { caps: ['CAP_SYS_ADMIN'] } }),
      allow('clone', { excludes: { caps: ['CAP_SYS_ADMIN'] } }),
      allow('arm_only', { includes: { arches: ['arm', 'arm64'] } }),
      allow('not_arm', { excludes: { arches: ['arm64'] } }),
      allow('ptrace', { includes: { minKernel: '4.8' } }),
      allow('future', { includes: { minKernel: '6.2' } }),
    ]);
    expect(namesOf(text)).toEqual(['read', 'clone', 'not_arm', 'ptrace']);
    expect(namesOf(text, 'arm64', '4.7.0')).toEqual(['read', 'clone', 'arm_only']);
  });

  it('names the architectures that programs may be of', () => {
    const archMap = [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }];
    const { architectures } = ociSeccomp(profile([allow('read')], { archMap }), 'x64', '6.1');
    expect(architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
    const plain = profile([allow('read')], { architectures: ['SCMP_ARCH_AARCH64'] });
    expect(ociSeccomp(plain, 'arm64', '6.1').architectures).toEqual(['SCMP_ARCH_AARCH64']);
  });

  it.each([['{'], ['[]'], ['{"defaultAction":"x"}'], ['{"defaultAction":"x","syscalls":[{"names":[],"action":"y"}]}']])(
    '%s is refused as none',
    (text) => {
      expect(() => ociSeccomp(text, 'x64', '6.1')).toThrow(/not in the format/);
    },
  );

  it('of the distribution is read as it stands', (ctx) => {
    if (!existsSync(COMMON_PROFILE)) return ctx.skip('there is none on this host');
    const { defaultAction, syscalls } = ociSeccomp(readFileSync(COMMON_PROFILE, 'utf8'), process.arch, '6.1.0');
    expect(defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(syscalls.length).toBeGreaterThan(3);
    expect(namesOf(readFileSync(COMMON_PROFILE, 'utf8'))).toContain('futex');
  });
});
