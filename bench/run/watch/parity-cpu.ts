/** The CPU side of parity: which CPUs, how much of them, and with which instructions. */

import type { BoxFacts, FactValue, Inequality } from '../../types.ts';
import type { Side } from './side.ts';

/**
 * Flags whose instructions an ordinary program may execute or that make its own ones faster; the rest are the kernel's
 * business, and no hypervisor passes all of those on.
 */
const FOR_PROGRAMS =
  /^(fpu|cmov|mmx|mmxext|3dnow.*|sse\w*|pni|ssse3|sse4.*|avx.*|amx.*|fma4?|f16c|xop|tbm|adx|bmi[12]|abm|lzcnt|popcnt|movbe|movdir.*|aes|vaes|pclmulqdq|vpclmulqdq|sha\w*|sm[34]|gfni|rdrand|rdseed|cx8|cx16|lahf_lm|erms|fsrm|fzrm|fsrs|fsrc|clflush\w*|clwb|clzero|cldemote|prefetch\w*|3dnowprefetch|fxsr|xsave\w*|hle|rtm|rdpid|rdtscp|fsgsbase|serialize|enqcmd|cmpccxadd|lam)$/;

/** CPUs, quota and flags in which the two sides differ. */
export function cpuInequalities(baseline: Side, env: Side): Inequality[] {
  return [...cpuSet(baseline, env), ...quota(baseline, env), ...flags(baseline, env)];
}

/** A guest numbers its CPUs itself: then their number is compared, and the host's set for the machine it runs in. */
function cpuSet(baseline: Side, env: Side): Inequality[] {
  const found: Inequality[] = [];
  const avoidable = { avoidable: true, why: 'give every box the same CPUs: --cpu with one CPU' };
  const numbered = baseline.nature.guest || env.nature.guest;
  const [a, b] = [text(baseline.facts.cpus_allowed), text(env.facts.cpus_allowed)];
  if (a !== null && b !== null) {
    const [m, n] = [countCpus(a), countCpus(b)];
    if (m !== n) found.push({ fact: 'cpus', label: `CPUs ${n} against ${m}`, baseline: a, env: b, ...avoidable });
    else if (!numbered && a !== b)
      found.push({ fact: 'cpus', label: `CPU ${b} against ${a}`, baseline: a, env: b, ...avoidable });
  }
  if (numbered) {
    const [x, y] = [text(hostView(baseline.facts)), text(hostView(env.facts))];
    if (x !== null && y !== null && x !== y)
      found.push({ fact: 'host_cpus', label: `CPU ${y} of the host against ${x}`, baseline: x, env: y, ...avoidable });
  }
  const [c, d] = [baseline, env].map(({ facts }) => text(facts.host_cpuset ?? facts.cpuset));
  // A mask that is narrower than the cpuset compensates for it; where it doesn't, the masks differ as well.
  if (!numbered && c && d && c !== d) {
    const why = 'the CPUs that count are those of the affinity mask, which a cpuset only bounds';
    found.push({ fact: 'cpuset', label: `cpuset ${d} against ${c}`, baseline: c, env: d, avoidable: false, why });
  }
  return found;
}

function hostView(facts: BoxFacts): FactValue | undefined {
  return facts.host_cpus_allowed;
}

/** The tightest of what the box and the host see. The period matters with a quota only. */
function quota(baseline: Side, env: Side): Inequality[] {
  const [a, b] = [tightest(baseline.facts), tightest(env.facts)];
  if (a === null || b === null) return [];
  const asked = baseline.nature.quotaAsked || env.nature.quotaAsked;
  const judged = asked
    ? { avoidable: false, why: "the quota is the environment's purpose" }
    : { avoidable: true, why: 'give every box the same CPU quota, or none' };
  const words = (cpus: number | 'none') => (cpus === 'none' ? 'none' : `${cpus} CPU`);
  if (a.cpus !== b.cpus)
    return [
      {
        fact: 'cpu_quota',
        label: `CPU quota ${words(b.cpus)} against ${words(a.cpus)}`,
        baseline: a.cpus,
        env: b.cpus,
        ...judged,
      },
    ];
  if (a.cpus === 'none' || a.periodUs === b.periodUs) return [];
  const label = `quota period ${b.periodUs} µs against ${a.periodUs} µs`;
  return [{ fact: 'cpu_period_us', label, baseline: a.periodUs, env: b.periodUs, ...judged, avoidable: false }];
}

function tightest(facts: BoxFacts): { cpus: number | 'none'; periodUs: number } | null {
  const views = [
    { cpus: facts.cpu_quota, periodUs: Number(facts.cpu_period_us) },
    { cpus: facts.host_cpu_quota, periodUs: Number(facts.host_cpu_period_us) },
  ].filter(({ cpus }) => typeof cpus === 'number' || cpus === 'none') as { cpus: number | 'none'; periodUs: number }[];
  const limit = ({ cpus }: { cpus: number | 'none' }) => (cpus === 'none' ? Number.POSITIVE_INFINITY : cpus);
  return views.sort((a, b) => limit(a) - limit(b))[0] ?? null;
}

function flags(baseline: Side, env: Side): Inequality[] {
  const [a, b] = [flagsOf(baseline.facts), flagsOf(env.facts)];
  if (a === null || b === null) return [];
  const missing = [...a].filter((flag) => !b.has(flag));
  const more = [...b].filter((flag) => !a.has(flag));
  if (missing.length === 0 && more.length === 0) return [];
  const arm = a.has('asimd') || b.has('asimd');
  const usable = {
    missing: missing.filter((flag) => isForPrograms(flag, arm)),
    more: more.filter((flag) => isForPrograms(flag, arm)),
  };
  // Flags can only be hidden from a guest on the real processor, and only a real list of flags can show it.
  const hides = (one: Side, other: Side) => one.nature.guest && !one.nature.ownCpu && !other.nature.ownCpu;
  const hidden =
    (usable.missing.length > 0 && hides(env, baseline)) || (usable.more.length > 0 && hides(baseline, env));
  const names = usable.missing.length > 0 ? usable.missing : missing;
  const label =
    names.length > 0
      ? `CPU flags: ${names.length} hidden (${preferred(names, arm).slice(0, 4).join(' ')}${names.length > 4 ? ' …' : ''})`
      : `CPU flags: ${more.length} more (${preferred(more, arm).slice(0, 4).join(' ')}${more.length > 4 ? ' …' : ''})`;
  const why = hidden
    ? 'a guest CPU model that hides instructions: pass the host CPU through (-cpu host)'
    : baseline.nature.ownCpu || env.nature.ownCpu
      ? 'the layer presents its own virtual processor'
      : 'flags that no guest sees; no instruction is hidden from programs';
  const listed = (list: readonly string[]) => list.join(' ') || 'none';
  return [
    {
      fact: 'cpu_flags',
      label,
      baseline: `only here: ${listed(missing)}`,
      env: `only here: ${listed(more)}`,
      avoidable: hidden,
      why,
    },
  ];
}

/** Vector instructions first: they are what kernels are compiled for. */
function preferred(names: readonly string[], arm: boolean): string[] {
  const rank = (name: string) => (/^(avx|fma|sve|asimd)/.test(name) ? 0 : isForPrograms(name, arm) ? 1 : 2);
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** Of ARM the kernel lists only what programs may use. */
function isForPrograms(flag: string, arm: boolean): boolean {
  return arm || FOR_PROGRAMS.test(flag);
}

function flagsOf(facts: BoxFacts): Set<string> | null {
  return typeof facts.cpu_flags === 'string' ? new Set(facts.cpu_flags.split(' ')) : null;
}

function text(value: FactValue | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** `0,2-4` is four. */
function countCpus(list: string): number {
  return list.split(',').reduce((sum, part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
}
