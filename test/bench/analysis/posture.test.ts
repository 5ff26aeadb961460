import { describe, expect, it } from 'vitest';
import { POSTURE_ASPECTS, postureCount, postureRows } from '../../../bench/analysis/posture.ts';
import type { BoxFacts } from '../../../bench/types.ts';

const host = Object.fromEntries(
  ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map((kind) => [`host_namespace_${kind}`, `${kind}:[1]`]),
);
const hostsOwn = Object.fromEntries(
  ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map((kind) => [`namespace_${kind}`, `${kind}:[1]`]),
);

const native: BoxFacts = {
  ...host,
  ...hostsOwn,
  host_kernel_shared: true,
  uid_map: '0 0 4294967295',
  capabilities_effective: '000001ffffffffff',
  capabilities_bounding: '000001ffffffffff',
  seccomp: '0',
  seccomp_filters: '0',
  no_new_privs: '0',
  security_label: 'unconfined',
  root_filesystem: 'ext4 rw',
  devices: 'full kvm null sda zero',
  engine_root_daemon: false,
  image_matches: true,
  image_signature_verified: false,
};

const container: BoxFacts = {
  ...native,
  namespace_pid: 'pid:[2]',
  namespace_user: 'user:[2]',
  uid_map: '0 100000 65536',
  capabilities_effective: '0000000000000000',
  seccomp: '2',
  seccomp_filters: '1',
  no_new_privs: '1',
  security_label: 'docker-default (enforce)',
  root_filesystem: 'overlay ro',
  devices: 'full null zero',
  engine_root_daemon: true,
};

function cells(facts: BoxFacts | null) {
  return Object.fromEntries(postureRows([facts]).map(({ id, cells: [cell] }) => [id, cell]));
}

describe('the posture of a box', () => {
  it('of a process of the host is open in every aspect but those of its making', () => {
    const found = cells(native);
    const held = Object.entries(found).filter(([, cell]) => cell?.holds);
    expect(held.map(([id]) => id)).toEqual(['daemon', 'digest']);
    expect(found.capabilities_effective?.text).toBe('41');
    expect(found.devices?.text).toBe('2 more');
    expect(found.uid?.text).toBe('root');
  });

  it('of a container distinguishes own namespaces from those of the host, and shows the user id of its root outside', () => {
    const found = cells(container);
    expect(found.namespace_pid).toEqual({ text: 'own', holds: true });
    expect(found.namespace_net).toEqual({ text: "the host's", holds: false });
    expect(found.uid).toEqual({ text: 'uid 100000', holds: true });
    expect(found.capabilities_effective).toEqual({ text: 'none', holds: true });
    expect(found.seccomp).toEqual({ text: 'filter, 1', holds: true });
    expect(found.label?.holds).toBe(true);
    expect(found.root?.holds).toBe(true);
    expect(found.daemon).toEqual({ text: 'yes', holds: false });
  });

  it("of a guest kernel counts namespaces and capabilities as its own, though their numbers may be the host's", () => {
    const found = cells({ ...native, host_kernel_shared: false });
    expect(found.kernel).toEqual({ text: 'its own', holds: true });
    expect(found.namespace_user?.holds).toBe(true);
    expect(found.capabilities_effective).toEqual({ text: '41, of its kernel', holds: true });
  });

  it('is unknown, not open, where a box of an earlier version reported nothing', () => {
    for (const facts of [null, {}, { kernel: '6.1' }]) {
      expect(Object.values(cells(facts)).every((cell) => cell?.text === null && cell.holds === null)).toBe(true);
    }
    expect(postureCount({})).toEqual({ holds: 0, told: 0 });
    expect(postureCount(container).told).toBe(POSTURE_ASPECTS.length);
    expect(postureCount(container).holds).toBeGreaterThan(postureCount(native).holds);
  });
});
