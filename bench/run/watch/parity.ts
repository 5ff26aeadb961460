/** Did every box get the same machine? Compares the facts that were read inside the boxes before anything was timed. */

import { FACTS } from '../../box/facts.ts';
import { PRELOAD } from '../../box/preload.ts';
import type { Environment, Fact, FactValue, Inequality } from '../../types.ts';
import { cpuInequalities } from './parity-cpu.ts';
import type { Nature, Side } from './side.ts';

export type Judgeable = Pick<Environment, 'traits' | 'sharesClock' | 'image'>;

export function natureOf({ traits, sharesClock, image }: Judgeable): Nature {
  return { ...traits, guest: !sharesClock, otherImage: image !== undefined };
}

/** Facts that are compared unchanged, the most important first. */
const PLAIN: readonly Fact[] = [
  'clocksource',
  'transparent_hugepages',
  'seccomp',
  'seccomp_filters',
  'no_new_privs',
  'capabilities_effective',
  'security_label',
  'uid_map',
  'root_filesystem',
  'kernel',
];

const PRELOADED = `${PRELOAD} of the host adds a library to every program outside of containers`;

/** Bytes that run: they are the same in every box, or nothing is comparable. */
const BYTES: readonly Fact[] = ['payload_sha256', 'node_sha256', 'libc'];

/**
 * Every fact in which `env` differs from `baseline`, the weightiest first. A fact that one of them doesn't show is not
 * known to differ and is left out. Unequal CPUs, quotas and bytes, and CPU flags hidden by a setting, are avoidable; what
 * a layer is by its nature (emulated, a guest kernel, confined, relaxed to hold a box) is not.
 */
export function compareFacts(baseline: Side, env: Side): Inequality[] {
  return [
    ...BYTES.flatMap((fact) => bytes(baseline, env, fact)),
    ...cpuInequalities(baseline, env),
    ...speculationInequality(baseline, env),
    ...listed(baseline, env, 'mitigations'),
    ...plain(baseline, env, 'preloaded', false).map((one) => ({ ...one, why: PRELOADED })),
    ...memoryInequality(baseline, env),
    ...PLAIN.flatMap((fact) => plain(baseline, env, fact, false)),
  ];
}

function plain(baseline: Side, env: Side, fact: Fact, avoidable: boolean): Inequality[] {
  const { words } = FACTS[fact];
  const [a, b] = [chosen(baseline.facts[fact]), chosen(env.facts[fact])];
  if (a === null || b === null || a === b) return [];
  const short = (value: string | number) => String(value).slice(0, avoidable ? 12 : 40);
  const [one, other] = fact === 'capabilities_effective' ? [bitsOf(a), bitsOf(b)] : [short(a), short(b)];
  // Different sets of the same size differ in their bits.
  const label = one === other ? `${words} ${short(b)} against ${short(a)}` : `${words} ${other} against ${one}`;
  const why = avoidable ? 'every box must run the same bytes' : whyOf(baseline.nature, env.nature);
  return [{ fact, label, baseline: a, env: b, avoidable, why }];
}

function bytes(baseline: Side, env: Side, fact: Fact): Inequality[] {
  const found = plain(baseline, env, fact, true);
  if (!env.nature.otherImage && !baseline.nature.otherImage) return found;
  return found.map((one) => ({ ...one, avoidable: false, why: 'the comparison is of different bytes' }));
}

/** The state that a seccomp filter forces on kernels before 5.16: pure loops lose 15 to 50 % by it, whatever the container. */
function speculationInequality(baseline: Side, env: Side): Inequality[] {
  const [found] = plain(baseline, env, 'speculation_store_bypass', false);
  if (found === undefined) return [];
  const isMitigated = (value: string | number) => /mitigated/.test(String(value));
  if (isMitigated(found.env) === isMitigated(found.baseline)) return [found];
  const label = `SSBD ${isMitigated(found.env) ? 'on' : 'off'} against ${isMitigated(found.baseline) ? 'on' : 'off'}`;
  const why =
    'a mitigation that slows pure loops, switched on by a seccomp filter (kernels before 5.16, or spec_store_bypass_disable=seccomp)';
  return [{ ...found, label, why }];
}

/** The tightest memory limit counts, in a guest also the memory of its kernel, which keeps some for itself. */
function memoryInequality(baseline: Side, env: Side): Inequality[] {
  const bytesOf = ({ facts, nature }: Side): number | 'none' | null => {
    const limits = [facts.memory_limit_bytes, facts.host_memory_limit_bytes].filter((it) => typeof it === 'number');
    const kib = facts.memory_total_kib;
    if (nature.guest) return typeof kib === 'number' ? kib * 1024 : null;
    if (limits.length > 0) return Math.min(...(limits as number[]));
    return facts.memory_limit_bytes === 'none' || facts.host_memory_limit_bytes === 'none' ? 'none' : null;
  };
  const [a, b] = [bytesOf(baseline), bytesOf(env)];
  if (a === null || b === null || a === b) return [];
  const mib = (bytes: number | 'none') => (bytes === 'none' ? 'unlimited' : `${Math.round(bytes / 2 ** 20)} MiB`);
  const label = `memory ${mib(b)} against ${mib(a)}`;
  return [{ fact: 'memory', label, baseline: a, env: b, avoidable: false, why: whyOf(baseline.nature, env.nature) }];
}

/** `name: state; name: state`: only the names whose state differs, and those that one side doesn't list. */
function listed(baseline: Side, env: Side, fact: Fact): Inequality[] {
  const parse = (value: unknown) =>
    typeof value === 'string'
      ? new Map(
          value.split('; ').map((entry) => [entry.slice(0, entry.indexOf(': ')), entry.slice(entry.indexOf(': ') + 2)]),
        )
      : null;
  const [a, b] = [parse(baseline.facts[fact]), parse(env.facts[fact])];
  if (a === null || b === null) return [];
  const names = [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name)).sort();
  if (names.length === 0) return [];
  const differing = (side: ReadonlyMap<string, string>) =>
    names.map((name) => `${name}: ${side.get(name) ?? 'not listed'}`).join('; ');
  const label = `${FACTS[fact].words}: ${names.length} differ (${names.slice(0, 2).join(', ')}${names.length > 2 ? ' …' : ''})`;
  const why = whyOf(baseline.nature, env.nature);
  return [{ fact, label, baseline: differing(a), env: differing(b), avoidable: false, why }];
}

/** How many bits are set in a mask of the kernel. */
function bitsOf(mask: string | number): string {
  return String([...BigInt(`0x${mask}`).toString(2)].filter((bit) => bit === '1').length);
}

/** Of `always [madvise] never` the choice; null for what is not shown, or not known to the box's kernel either. */
function chosen(value: FactValue | undefined): string | number | null {
  if (value === null || value === undefined || value === 'unknown') return null;
  if (typeof value !== 'string') return typeof value === 'number' ? value : String(value);
  return /\[(\w+)\]/.exec(value)?.[1] ?? value;
}

function whyOf(baseline: Nature, env: Nature): string {
  if (env.ownCpu || baseline.ownCpu) return 'the layer runs its own kernel without hardware virtualisation';
  if (env.guest || baseline.guest) return 'the layer runs its own kernel';
  if (env.relaxed || baseline.relaxed)
    return 'how the layer confines what it runs, with an outer box relaxed to hold it';
  return 'how the layer confines what it runs';
}
