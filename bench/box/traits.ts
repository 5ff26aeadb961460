/**
 * What an environment is by its nature, where a verdict, a headline or a claim's condition depends on it. Labels say much
 * the same to people, and decide nothing. Import them from `types.ts`.
 */

/**
 * `kvm`: runs on hardware virtualisation. `emulated`: its processor is a program. `ownCpu`: presents its own
 * processor, whatever its settings: emulated, or run by a kernel that is itself a process. `relaxed`: a box in it was relaxed
 * to hold another. `quotaAsked`: its purpose is a CPU quota. `oneCpu`: a
 * box has one CPU, however many it may use. `chroot`: natively, but in a root of the user's.
 */
export const TRAITS = ['kvm', 'emulated', 'ownCpu', 'relaxed', 'quotaAsked', 'oneCpu', 'chroot'] as const;
export type Traits = Readonly<Record<(typeof TRAITS)[number], boolean>>;

export const NO_TRAITS = joinTraits([]);

/** Of several layers: a trait of one is a trait of all. Traits that a layer does not name are false. */
export function joinTraits(layers: readonly Partial<Traits>[]): Traits {
  const has = (trait: keyof Traits) => layers.some((layer) => layer[trait] === true);
  return Object.fromEntries(TRAITS.map((trait) => [trait, has(trait)])) as Traits;
}
