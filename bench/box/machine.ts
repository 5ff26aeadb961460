/** Which sessions are of one machine: by the facts of its hardware that neither a boot nor an update changes. */

import { createHash } from 'node:crypto';

/**
 * Processor flags that kernels, microcode, firmware and hypervisors take away and give back on the same hardware: because
 * of errata (rdseed, xsaves), mitigations (rtm, hle, avx*), boot parameters or settings of the firmware.
 */
const SWITCHABLE =
  /^(avx.*|fma|fma4|f16c|xop|amx.*|vaes|vpclmulqdq|gfni|aes|sha_ni|sha512|sm3|sm4|pclmulqdq|xsave.*|xgetbv1|rdseed|rdrand|rdpid|rdpru|rtm|hle|rtm_always_abort|tsx.*|pku|ospke|pks|la57|smep|smap|umip|lam|fsgsbase|pcid|invpcid|x2apic|sgx.*|sev.*|tme|vmx|svm|smx|cqm.*|cat_.*|cdp_.*|mba|rdt_.*|intel_pt|ida|arat|dtherm|pln|pts|hwp.*|hfi|est|tm|tm2|monitor|mwaitx|waitpkg|tsc_.*|erms|fsrm|fsrs|fzrm|serialize|enqcmd|mpx|ht|nx|dts|ds_cpl|dtes64|clzero|wbnoinvd|osvw|ibs|topoext|perfctr_.*|sve.*|sme.*|pac[ag]|bti|mte.*)$/;

/** Those of them without which numeric code takes another path. */
const VECTOR = /^(avx.*|fma|fma4|f16c|xop|amx.*|vaes|sve.*|sme.*)$/;

interface Host {
  readonly fingerprint: string;
  readonly hardware: object;
}

/** Of thousands of sessions nearly all have the hardware of the one before. */
let last = { hardware: '', machine: '' };

/** A digest that two sessions have in common when they are of one machine. 64 hex digits; sessions of any version have it. */
export function machineOf({ fingerprint, hardware }: Host): string {
  const flags = flagsOf(hardware);
  if (flags === undefined) return fingerprint;
  const text = JSON.stringify(hardware);
  if (text !== last.hardware) last = { hardware: text, machine: fingerprintOf(hardware, flags) };
  return last.machine;
}

/** SHA-256 of the canonical JSON of the hardware without flags that are switchable. */
export function fingerprintOf(hardware: object, cpuFlags: readonly string[]): string {
  const kept = { ...hardware, cpuFlags: cpuFlags.filter((flag) => !SWITCHABLE.test(flag)), cpuFlagsSha256: undefined };
  return createHash('sha256').update(canonicalJson(kept)).digest('hex');
}

/** What to say when the flags of one machine are not what they were; null when they are. */
export function flagRemark(before: object, after: object): string | null {
  const [old, now] = [flagsOf(before), flagsOf(after)];
  if (old === undefined || now === undefined) return null;
  const gone = old.filter((flag) => !now.includes(flag));
  const added = now.filter((flag) => !old.includes(flag));
  if (gone.length + added.length === 0) return null;
  const vector = [...gone, ...added].filter((flag) => VECTOR.test(flag));
  const what = [
    ...(gone.length > 0 ? [`without ${gone.join(' ')}`] : []),
    ...(added.length > 0 ? [`with ${added.join(' ')}`] : []),
  ];
  const effect =
    vector.length > 0
      ? 'numeric code may use other vector instructions'
      : 'a kernel, microcode or firmware setting changed';
  return `The same processor, ${what.join(' and ')}: ${effect}.`;
}

/** JSON with the keys of every object sorted and no white space: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
}

function flagsOf(hardware: object): readonly string[] | undefined {
  const { cpuFlags } = hardware as { cpuFlags?: unknown };
  return Array.isArray(cpuFlags) && cpuFlags.every((flag) => typeof flag === 'string') ? cpuFlags : undefined;
}
