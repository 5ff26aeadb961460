/** Which environments of a session a claim is about: patterns of layers, matched against paths. */

import type { RunnerKind } from '../../types.ts';
import type { Claim } from './schema.ts';

/** Kind of a layer by its name; undefined for a layer of another version. */
export type KindOf = (layer: string) => RunnerKind | undefined;

export interface Pair {
  readonly numerator: string;
  /** Null for a claim about one environment. */
  readonly denominator: string | null;
}

const CLASSES: Readonly<Record<string, readonly RunnerKind[]>> = {
  container: ['container'],
  vm: ['vm', 'guest-kernel'],
};

/**
 * Layer by layer: a name matches that layer whatever its settings (`qemu` matches `qemu:tcg`), a layer with settings
 * matches exactly, a class matches every layer of its kind, `any` every layer.
 */
export function matchesPattern(path: string, pattern: string, kindOf: KindOf): boolean {
  const layers = path.split('/');
  const wanted = pattern.split('/');
  return (
    layers.length === wanted.length && wanted.every((part, index) => matchesLayer(layers[index] ?? '', part, kindOf))
  );
}

/** True when one of the patterns does. */
export function matchesAny(path: string, patterns: string | readonly string[], kindOf: KindOf): boolean {
  return [patterns].flat().some((pattern) => matchesPattern(path, pattern, kindOf));
}

/**
 * All pairs of a session's environments that a claim is about, in the session's order. Where a numerator's own outer
 * layers are among the denominators, it is compared with them only: `docker/docker` with `docker`, not with another
 * container that happens to be there.
 */
export function pairsOf(claim: Claim, paths: readonly string[], kindOf: KindOf): Pair[] {
  const numerators = paths.filter((path) => matchesAny(path, claim.numerator_env, kindOf));
  const patterns = claim.denominator_env;
  if (patterns === undefined) return numerators.map((numerator) => ({ numerator, denominator: null }));
  const denominators = paths.filter((path) => matchesAny(path, patterns, kindOf));
  return numerators.flatMap((numerator) => {
    const own = denominators.filter((path) => numerator.startsWith(`${path}/`));
    const others = denominators.filter((path) => path !== numerator);
    return (own.length > 0 ? own : others).map((denominator) => ({ numerator, denominator }));
  });
}

function matchesLayer(layer: string, wanted: string, kindOf: KindOf): boolean {
  if (wanted === 'any') return true;
  const name = layer.split(':')[0] ?? '';
  const kinds = Object.hasOwn(CLASSES, wanted) ? CLASSES[wanted] : undefined;
  if (kinds === undefined) return wanted.includes(':') ? layer === wanted : name === wanted;
  const kind = kindOf(name);
  return kind !== undefined && kinds.includes(kind);
}
