/** QEMU, booted; and the probe that decides between KVM and emulation. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qemu, qemuRunner } from '../../runners/engines/qemu/runner.ts';
import { bootAnswer, bootOnce } from '../../runners/guest/boot-probe.ts';
import { kvmWorks, NO_KVM, pvmReason } from '../../runners/guest/kvm-probe.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { type Lab, openLab } from '../lab.ts';
import { processesNaming } from '../leftovers.ts';
import { guestContract } from './guest-contract.ts';

guestContract({ runner: qemuRunner({ accelerator: 'tcg' }), clock: 'tsc', writeRoot: 'EROFS' });

describe('settings of qemu', { timeout: 120_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.dispose());

  const layer = (path: string) => parsePath(path, [qemu], () => '')[0]!;

  it('boot the machine and the processor model that are asked for', async (context) => {
    const runner = layer('qemu:tcg:machine=q35:cpu=Nehalem');
    const probe = await runner.probe(lab.host, lab.workspace);
    if (!probe.available) return context.skip(`${probe.reason} (${probe.remedy})`);
    const prepared = await runner.prepare(lab.host, lab.image, lab.workspace);
    expect(prepared.labels).toEqual(['emulated (TCG)', 'CPU model Nehalem']);
    expect(prepared.traits).toEqual({ emulated: true, ownCpu: true });
    const guest = await lab.start(runner, prepared, 'b1-q35-1');
    const [line = ''] = processesNaming('b1-q35-1').filter((found) => found.includes('qemu-system'));
    expect(line).toMatch(/-M q35/);
    expect(guest.facts.cpuModel).toMatch(/Nehalem|Core i7 9xx/);
    await guest.box.close();
    await prepared.dispose();
  });

  it('are refused with what QEMU or KVM said', async (context) => {
    const usual = await qemu.probe(lab.host, lab.workspace);
    if (!usual.available) return context.skip(`${usual.reason} (${usual.remedy})`);
    const model = await layer('qemu:tcg:cpu=nonesuch').probe(lab.host, lab.workspace);
    expect(model).toMatchObject({ available: false, reason: expect.stringMatching(/nonesuch/) });
    const machine = process.arch === 'x64' ? 'virt' : 'q35';
    const other = await layer(`qemu:machine=${machine}`).probe(lab.host, lab.workspace);
    expect(other).toMatchObject({ available: false, reason: `QEMU has no machine ${machine} for this processor` });
  });

  it('say why a KVM that is there is not used', async (context) => {
    const kvm = await kvmWorks(lab.workspace);
    if (kvm.works || kvm.reason === NO_KVM) return context.skip('KVM works, or is not there');
    const short = `no KVM: ${kvm.reason.split(': ')[0]}`;
    expect(await qemu.probe(lab.host, lab.workspace)).toMatchObject({ labels: ['emulated (TCG)', short] });
    const wanted = await layer('qemu:kvm').probe(lab.host, lab.workspace);
    expect(wanted).toMatchObject({ available: false, reason: `KVM doesn't work: ${kvm.reason}` });
    // A longer patience is another question.
    expect(await layer('qemu:kvm:patience=7s').probe(lab.host, lab.workspace)).toMatchObject({ available: false });
  });

  it.each(['qemu:xen', 'qemu:machine=pc', 'qemu:cpu=-x', 'qemu:patience=60'])('%s is a usage error', (path) => {
    expect(() => layer(path)).toThrow(/The layer qemu/);
  });
});

describe('the boot probe', { timeout: 60_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.dispose());

  it('answers whether KVM works, with a reason, within its time limit, and at once when asked again', async () => {
    const begun = performance.now();
    const first = await kvmWorks(lab.workspace);
    expect(performance.now() - begun).toBeLessThan(30_000); // 6 s, and room for a busy machine
    expect(first.reason).not.toBe('');
    expect(await kvmWorks(lab.workspace)).toEqual(first);
    expect(processesNaming('boxmark-probe')).toEqual([]);
  });

  it('names PVM for what it is, where its module is loaded', () => {
    const modules = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
    try {
      expect(pvmReason(modules)).toBe('');
      mkdirSync(join(modules, 'kvm_pvm'));
      expect(pvmReason(modules)).toMatch(/^\/dev\/kvm is PVM's \(kvm_pvm\)/);
    } finally {
      rmSync(modules, { recursive: true });
    }
  });

  it('forgets that a machine was too slow: another moment may be quieter', async () => {
    const slow = { works: false, reason: 'no sign of life within 6 s', timedOut: true } as const;
    const inputs = [`slow-${Date.now()}`];
    const keep = ({ timedOut }: { timedOut?: true }) => timedOut !== true;
    expect(await bootAnswer(inputs, async () => slow, keep)).toEqual(slow);
    expect(await bootAnswer(inputs, async () => ({ works: true, reason: 'booted' }), keep)).toMatchObject({
      works: true,
    });
    expect(await bootOnce(['sleep', '30'], 50)).toMatchObject({ works: false, timedOut: true });
  });

  it('ends a machine that hangs, with all its helpers, at the time limit', async () => {
    const mark = `60${Date.now()}`;
    const result = await bootOnce(['sh', '-c', `echo firmware; sleep ${mark} & sleep ${mark}`], 500);
    expect(result).toEqual({ works: false, timedOut: true, reason: 'no sign of life within 0.5 s: firmware' });
    expect(processesNaming(mark)).toEqual([]);
  });

  it('gives the words of a machine that ends without booting', async () => {
    const result = await bootOnce(['sh', '-c', 'echo failed to set MSR >&2; exit 3'], 10_000);
    expect(result).toEqual({ works: false, reason: 'the machine ended (exit code 3): failed to set MSR' });
    expect((await bootOnce(['/no/such/qemu'], 10_000)).reason).toMatch(/not found/);
  });

  it('stops waiting when the run is interrupted', async () => {
    const abort = new AbortController();
    const answer = bootOnce(['sleep', '60'], 30_000, abort.signal);
    abort.abort();
    expect(await answer).toEqual({ works: false, reason: 'interrupted' });
  });

  it('boots once for questions asked at the same time, and asks again what was not worth keeping', async () => {
    let boots = 0;
    const boot = async () => {
      boots += 1;
      return { works: false, reason: 'busy' };
    };
    const inputs = [`test ${lab.workspace.id}`];
    await Promise.all([bootAnswer(inputs, boot, () => false), bootAnswer(inputs, boot, () => false)]);
    expect(boots).toBe(1);
    await bootAnswer(inputs, boot, () => false);
    expect(boots).toBe(2);
  });
});
