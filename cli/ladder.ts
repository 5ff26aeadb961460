/** The ladder of `explain`: from an environment's path to the boxes that it is taken apart with, one setting each. */

import type { Ladder, Rung } from '../bench/analysis/explain.ts';
import type { Ablation, Runner } from '../bench/types.ts';
import { type Nearest, parsePath } from '../runners/stack/path.ts';

/** A step that can't be made, and why. */
export interface MissingStep {
  readonly part: string;
  readonly env: string;
  readonly reason: string;
}

/** A step before it is known whether it can be made: the whole environment with only this one thing otherwise. */
export interface Candidate {
  readonly ablation: Ablation;
  readonly env: string;
}

export interface Candidates {
  readonly removes: readonly Candidate[];
  readonly exchanges: readonly Candidate[];
  readonly missing: readonly MissingStep[];
}

/** Held by its own share of time as well: what the accounting of a quota costs that never bites. */
const QUOTA_LAYER = 'quota:100%';

/** What the innermost box of the path can do without, or do otherwise. Throws a usage error for a bad path. */
export function candidatesFor(
  path: string,
  runners: readonly Runner[],
  nearest: Nearest,
  /** Copies of a workload at once. */
  threads = 1,
): Candidates {
  const layers = parsePath(path, runners, nearest);
  const at = boxLayer(path, runners);
  const runner = layers.findLast(({ transparent }) => !transparent);
  const text = path.split('/')[at] ?? '';
  const missing: MissingStep[] = [];
  const usable = (runner?.ablations ?? []).flatMap((ablation): Candidate[] => {
    const env = withSettings(path, at, ablation.settings);
    const unknown = Object.keys(ablation.settings).find(
      (key) => !runner?.settings?.known.some(({ name }) => name === key),
    );
    const reason =
      unknown !== undefined
        ? `the layer ${runner?.name} has no setting ${unknown}`
        : Object.keys(ablation.settings).some((key) => text.includes(`:${key}=`))
          ? 'the path sets it already'
          : threads > 1 && 'cpus' in ablation.settings
            ? heldBack(threads)
            : null;
    if (reason === null) return [{ ablation, env }];
    missing.push({ part: ablation.part, env, reason });
    return [];
  });
  const isQuotaed =
    layers.some(({ name }) => name === 'quota') || (runner?.ablations ?? []).some(({ settings }) => 'cpus' in settings);
  const quota: Candidate = {
    ablation: { part: 'a quota of one CPU as well', settings: {}, kind: 'exchanges' },
    env: `${path}/${QUOTA_LAYER}`,
  };
  if (threads > 1 && !isQuotaed) {
    const reason = heldBack(threads);
    missing.push({ part: quota.ablation.part, env: quota.env, reason });
  }
  const ofKind = (kind: Ablation['kind']) => usable.filter(({ ablation }) => ablation.kind === kind);
  return {
    removes: ofKind('removes'),
    exchanges: [...ofKind('exchanges'), ...(isQuotaed || threads > 1 ? [] : [quota])],
    missing,
  };
}

function heldBack(threads: number): string {
  return `${threads} copies use more than one CPU, and a quota of one would hold them back`;
}

/**
 * The ladder: each layer of the path in turn, the innermost box first without all that can be taken away, then with one
 * more of it at each step, in the order in which its runner lists them.
 */
export function ladderFor(path: string, baseline: string, candidates: Candidates, runners: readonly Runner[]): Ladder {
  const at = boxLayer(path, runners);
  const names = path.split('/');
  const outer = names
    .slice(0, at)
    .map((name, index): Rung => ({ env: names.slice(0, index + 1).join('/'), part: `the layer ${name}` }));
  const { removes } = candidates;
  const box = names.slice(0, at + 1).join('/');
  const without = (from: number) => {
    const settings = Object.assign({}, ...removes.slice(from).map(({ ablation }) => ablation.settings));
    return withSettings(box, at, settings);
  };
  const barest = removes.length === 0 ? `the layer ${names[at]}` : `the layer ${names[at]} without all below`;
  const inner = [
    { env: without(0), part: barest },
    ...removes.map(({ ablation }, index) => ({ env: without(index + 1), part: ablation.part })),
  ];
  const wraps = names
    .slice(at + 1)
    .map((name, index) => ({ env: names.slice(0, at + 2 + index).join('/'), part: `the layer ${name}` }));
  const rungs = [...outer, ...inner, ...wraps].filter(({ env }) => env !== baseline);
  const exchanges = candidates.exchanges.map(({ ablation, env }) => ({ env, part: ablation.part }));
  return { baseline, rungs, exchanges };
}

/** Without the rungs that could not be prepared: the part of one goes with that of the next. */
export function standing({ baseline, rungs, exchanges }: Ladder, isThere: (env: string) => boolean): Ladder {
  const kept: Rung[] = [];
  let carried: string[] = [];
  for (const { env, part } of rungs) {
    carried.push(part);
    if (!isThere(env)) continue;
    kept.push({ env, part: carried.join(' + ') });
    carried = [];
  }
  return { baseline, rungs: kept, exchanges: exchanges.filter(({ env }) => isThere(env)) };
}

/** Place of the innermost layer that makes a box; layers that make none stand behind it. */
function boxLayer(path: string, runners: readonly Runner[]): number {
  const names = path.split('/').map((layer) => layer.split(':')[0]);
  const at = names.findLastIndex((name) => runners.find((runner) => runner.name === name)?.transparent !== true);
  return Math.max(0, at);
}

/** `docker` with `{ seccomp: 'unconfined' }` → `docker:seccomp=unconfined`, in the layer at this place. */
function withSettings(path: string, at: number, settings: Readonly<Record<string, string>>): string {
  const encode = (value: string) => value.replace(/[%,/:]/g, (character) => encodeURIComponent(character));
  const text = Object.entries(settings).map(([key, value]) => `:${key}=${encode(value)}`);
  return path
    .split('/')
    .map((layer, index) => (index === at ? layer + text.join('') : layer))
    .join('/');
}
