import { describe, expect, it } from 'vitest';
import type { SessionInfo } from '../../bench/session/info.ts';
import { NO_TRAITS } from '../../bench/types.ts';
import { hostDifferences } from '../../cli/compare/hosts.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { differences } from '../../reports/sections/differences.ts';
import { infoFor, tinyPlan } from '../bench/boxes.ts';

const HARDWARE = {
  cpuModel: 'Example CPU',
  cpuFlags: ['avx', 'sse'],
  cpuFlagsSha256: 'a'.repeat(64),
  smt: false,
  caches: [{ level: 1, type: 'Data', size: '32K', sharedBy: 1 }],
  hypervisor: null,
};
const STACK = {
  kernelRelease: '6.1.0',
  kernelParameters: ['mitigations=off'],
  mitigations: { meltdown: 'Mitigation: PTI', mds: 'Vulnerable', l1tf: 'Not affected' },
  turbo: null,
  cpuFlagsSha256: 'b'.repeat(64),
};

interface Changes {
  readonly hardware?: object;
  readonly stack?: object;
  readonly image?: Partial<SessionInfo['image']>;
  readonly environments?: SessionInfo['environments'];
}

function info({ hardware, stack, image, environments }: Changes = {}): SessionInfo {
  return {
    ...infoFor(tinyPlan({ environments: [{ path: 'native' }] }), []),
    host: { name: 'h', fingerprint: '', hardware: { ...HARDWARE, ...hardware }, stack: { ...STACK, ...stack } },
    image: { digest: '1'.repeat(64), node: '2'.repeat(64), payload: '3'.repeat(64), ...image },
    environments: environments ?? [
      { path: 'qemu', labels: ['KVM'], traits: NO_TRAITS, versions: { qemu: '7.2' }, facts: null },
    ],
  };
}

const listed = (after: Changes) =>
  hostDifferences(info(), info(after)).map(({ part, what, before, after }) => `${part}: ${what}: ${before} → ${after}`);

describe('what differs between two hosts', () => {
  it('is nothing when they are alike', () => {
    expect(listed({})).toEqual([]);
  });

  it('is in words, hardware first, of lists only what one side has alone', () => {
    const caches = [{ level: 1, type: 'Data', size: '48K', sharedBy: 2 }];
    expect(
      listed({
        stack: { kernelRelease: '6.12.0', kernelParameters: ['mitigations=off', 'nosmt'], turbo: true },
        hardware: { cpuModel: 'Other', cpuFlags: ['sse', 'sve'], cpuFlagsSha256: 'c'.repeat(64), smt: true, caches },
      }),
    ).toEqual([
      'hardware: CPU: Example CPU → Other',
      'hardware: CPU flags: avx → sve',
      'hardware: more than one thread to a core: no → yes',
      'hardware: caches: 1 Data 32K 1 → 1 Data 48K 2',
      'stack: kernel: 6.1.0 → 6.12.0',
      'stack: boot parameters: none of these → nosmt',
      'stack: turbo: not known → yes',
    ]);
  });

  it('of mitigations names those that both kernels list, and by name those that one does not know', () => {
    const mitigations = { meltdown: 'Vulnerable', mds: 'Vulnerable', tsa: 'Not affected' };
    expect(listed({ stack: { mitigations } })).toEqual([
      'stack: mitigations: meltdown: Mitigation: PTI → Vulnerable',
      'stack: mitigations that only one lists: l1tf → tsa',
    ]);
  });

  it('names the bytes that ran, or that only libraries differ', () => {
    expect(listed({ image: { digest: '9'.repeat(64), payload: '8'.repeat(64) } })).toEqual([
      'image: payload: 333333333333 → 888888888888',
    ]);
    expect(listed({ image: { digest: '9'.repeat(64) } })).toEqual([
      'image: other files of the image: 111111111111 → 999999999999',
    ]);
  });

  it('names engines and labels of environments that both have, such as emulation in the place of KVM', () => {
    const labels = ['emulated (TCG)'];
    expect(
      listed({ environments: [{ path: 'qemu', labels, traits: NO_TRAITS, versions: { qemu: '9.0' }, facts: null }] }),
    ).toEqual(['environment: qemu: 7.2 → 9.0', 'environment: qemu: labels: KVM → emulated (TCG)']);
    expect(listed({ environments: [] })).toEqual([]);
  });

  it('cuts long lists and never prints beyond the width, whatever the texts are', () => {
    const flags = Array.from({ length: 100 }, (_, index) => `flag${index}`);
    const [line = ''] = listed({ hardware: { cpuFlags: flags } });
    expect(line).toMatch(/and 94 more$/);
    const hostile = hostDifferences(info(), info({ stack: { kernelRelease: `\u001b[31m${'x'.repeat(500)}\n` } }));
    const document = {
      kind: '',
      about: [],
      warnings: [],
      answer: null,
      lead: [],
      sections: [differences('', hostile)],
    };
    for (const row of terminalText(document).split('\n')) {
      expect(row.length).toBeLessThanOrEqual(80);
      expect(row).not.toContain('\u001b');
    }
  });
});
