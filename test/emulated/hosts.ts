/** The hosts that are emulated: processor, packages, and what is measured on them. */

export type HostName = 'x64' | 'arm64';

export interface EmulatedHost {
  readonly name: HostName;
  /** Debian's name of the architecture. */
  readonly debian: string;
  readonly qemu: string;
  /** The package that has it. */
  readonly qemuPackage: string;
  readonly machine: readonly string[];
  /** Of the emulation: one for all processors, or one for each. */
  readonly threads: 'single' | 'multi';
  readonly console: string;
  /** Packages beside those of every host. */
  readonly packages: readonly string[];
  /** Module of the kernel that makes /dev/kvm; none where it is built in. */
  readonly kvmModule?: string;
  readonly environments: readonly string[];
}

/** Of every host. `extract` unpacks only what is named and what that depends on, not even essential packages. */
export const PACKAGES = [
  ...['base-files', 'bash', 'coreutils', 'dash', 'findutils', 'gawk', 'grep', 'gzip', 'mount', 'procps', 'sed', 'tar'],
  ...['kmod', 'iproute2', 'libatomic1', 'libstdc++6', 'util-linux', 'xz-utils', 'zstd'],
  ...['bubblewrap', 'busybox-static', 'erofs-utils', 'runc'],
];

/**
 * AVX stays out: an emulated processor within an emulated one reports sizes of its state that don't fit, whereupon the inner
 * kernel gives AVX up, and the boxes have unequal CPU flags.
 */
const WITHOUT_AVX = ['avx', 'avx2', 'fma', 'f16c', 'vaes', 'vpclmulqdq']
  .concat('xsave', 'xsaveopt', 'xsavec', 'xgetbv1', 'pku')
  .map((flag) => `-${flag}`)
  .join(',');

/** A guest in an emulated guest needs some ten seconds to its first line, and a minute on a busy host. */
const KVM = 'qemu:kvm:patience=180s';

export const HOSTS: Readonly<Record<HostName, EmulatedHost>> = {
  x64: {
    name: 'x64',
    debian: 'amd64',
    qemu: 'qemu-system-x86_64',
    qemuPackage: 'qemu-system-x86',
    machine: ['-M', 'q35', '-cpu', `max,+svm,${WITHOUT_AVX}`],
    threads: 'multi',
    console: 'ttyS0',
    packages: ['docker.io', 'linux-image-cloud-amd64', 'qemu-system-x86'],
    kvmModule: 'kvm_amd',
    environments: ['native', 'unshare', 'docker', KVM, 'docker/docker'],
  },
  arm64: {
    name: 'arm64',
    debian: 'arm64',
    qemu: 'qemu-system-aarch64',
    qemuPackage: 'qemu-system-arm',
    machine: ['-M', 'virt,virtualization=on,gic-version=3', '-cpu', 'neoverse-n1'],
    // With `max` and a thread for each processor, Node.js crashed once, and once threw what the language rules out.
    threads: 'single',
    console: 'ttyAMA0',
    packages: ['linux-image-cloud-arm64', 'qemu-system-arm'],
    environments: ['native', 'unshare', 'bwrap', 'runc', KVM],
  },
};

/** The path of an environment as a session names it. */
export const isKvm = (path: string): boolean => path.startsWith('qemu:kvm');
