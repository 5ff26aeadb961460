/** Can two sessions be run against each other here? The request for it, or why not; and the run itself. */

import { BoxmarkError, EXIT, messageOf } from '../../bench/errors.ts';
import { commandOf } from '../../bench/plan/commands.ts';
import { copiesText, mostCopies } from '../../bench/plan/copies.ts';
import { storedPlan } from '../../bench/session/stored-plan.ts';
import type { CommandWorkload, Image, Plan } from '../../bench/types.ts';
import { isAlias } from '../../runners/aliases.ts';
import { loadImage, verifyImage } from '../../runners/image/image.ts';
import { WORKLOAD_IDS } from '../names.ts';
import { withRig } from '../rig.ts';
import { HostInUse } from '../session/claim-host.ts';
import { type MeasuringFlags, measuringFlags } from '../session/measuring-flags.ts';
import { type Allowing, assertAllowed, originOf, type StoredOrigin } from '../session/stored-origin.ts';
import { limitsHere } from './limits-here.ts';
import { measurePaired, type PairedResult } from './paired.ts';
import type { Sides } from './sides.ts';

export interface PairedCase {
  readonly plan: Plan;
  readonly origin: StoredOrigin;
  readonly work: Readonly<Record<string, number>>;
  readonly baselineImage: Image;
  readonly candidateImage: Image;
  readonly remarks: readonly string[];
}

export interface CaseOptions extends Allowing {
  readonly only: ReadonlySet<string>;
  readonly margin: number;
  readonly blocks?: number | undefined;
  readonly cpu?: readonly number[] | undefined;
}

/** A reason, as the end of a sentence, where a paired run is out of the question. */
export async function pairedCase(sides: Sides, options: CaseOptions): Promise<PairedCase | string> {
  const { blocks } = options;
  const [[baseline], [candidate]] = [sides.baseline, sides.candidate];
  if (baseline === undefined || candidate === undefined) return 'a side has no session';
  if (sides.baseline.length > 1 || sides.candidate.length > 1) return 'a side is more than one session';
  if (process.platform !== 'linux') return 'measuring needs Linux';
  const { measure } = candidate.info.plan;
  if (measure !== undefined) return `sessions of ${measure} have no paired run`;
  const digests = [baseline, candidate].map(({ info }) => info.image.digest);
  const copies = [baseline, candidate].map(({ info }) => copiesText(info.plan) || '1 thread');
  if (copies[0] !== copies[1]) return `they ran as ${copies.join(' and ')}`;
  if (digests[0] === digests[1]) return 'both sessions ran the same image';
  const images: Image[] = [];
  for (const digest of digests) {
    const image = await imageAtHand(digest);
    if (typeof image === 'string') return image;
    images.push(image);
  }
  const [baselineImage, candidateImage] = images as [Image, Image];
  const { plan, work } = storedPlan(baseline.info, baseline.dir, WORKLOAD_IDS);
  const paths = new Set(candidate.info.plan.environments.map(({ path }) => path));
  const environments = plan.environments.filter(
    ({ path }) => paths.has(path) && options.only.has(path) && !isAlias(path),
  );
  const workloads = plan.workloads.filter((id) => candidate.info.plan.workloads.includes(id));
  if (environments.length === 0) return 'they have no environment in common';
  if (workloads.length === 0) return 'they have no workload in common';
  const other = otherPrograms(plan, candidate.info.plan);
  if (other.length > 0) return `they run other commands as ${other.join(', ')}`;
  const origin = originOf(baseline.dir, plan, options);
  // Here, because a paired run that can't be prepared becomes a comparison of what is stored.
  assertAllowed([plan.baseline, ...environments.map(({ path }) => path)], origin);
  const { limits, note } = limitsHere(plan, options.cpu);
  const fixed = blocks === undefined ? {} : { minBlocks: blocks, maxBlocks: blocks, target: null };
  return {
    plan: { ...plan, ...fixed, environments, workloads, margin: options.margin, limits },
    origin,
    work,
    baselineImage,
    candidateImage,
    remarks: [
      ...(note === null ? [] : [note]),
      ...onlyOne('baseline', plan, candidate.info.plan, options.only),
      ...onlyOne('candidate', candidate.info.plan, plan, options.only),
    ],
  };
}

/** Programs of both that are not started in the same way: two versions of one differ in the image, not in their arguments. */
function otherPrograms({ commands = [] }: Plan, other: Plan): string[] {
  return commands
    .filter((command) => {
      const theirs = commandOf(other, command.id);
      return theirs !== undefined && JSON.stringify(startOf(theirs)) !== JSON.stringify(startOf(command));
    })
    .map(({ id }) => id);
}

function startOf({ argv, env = {}, setup, prepare, cleanup, stdin, workdir }: CommandWorkload): unknown {
  return [argv, Object.entries(env).sort(), setup, prepare, cleanup, stdin, workdir];
}

/** What only one side has is not compared, and the reader must see that. */
function onlyOne(side: string, own: Plan, other: Plan, only: ReadonlySet<string>): string[] {
  const missing = own.environments.filter(
    ({ path }) => only.has(path) && !other.environments.some((it) => it.path === path),
  );
  const names = [
    ...missing.map(({ path }) => path),
    ...own.workloads.filter((workload) => !other.workloads.includes(workload)),
  ];
  return names.length === 0 ? [] : [`Only the ${side} has ${names.join(', ')}: not compared.`];
}

/** A reason, when this host could not measure anything; null after an interrupt, which is reported already. */
export async function runPaired(
  { plan, origin, work, baselineImage, candidateImage }: PairedCase,
  { out, quiet, ...flags }: { readonly out: string; readonly quiet?: boolean | undefined } & MeasuringFlags,
): Promise<PairedResult | string | null> {
  const settings = {
    requested: plan.environments.map(({ path }) => path),
    baseline: plan.baseline,
    workloads: plan.workloads,
    aggressors: plan.aggressors,
    limits: plan.limits,
    threads: mostCopies(plan),
    origin,
  };
  const image = { imageFile: undefined, imageDigest: baselineImage.digest };
  let result: PairedResult | string | null = null;
  let prepared = false;
  try {
    await withRig(
      settings,
      { quiet: quiet === true, dryRun: false, ...image, ...measuringFlags(flags) },
      async (rig) => {
        prepared = true;
        result = await measurePaired(rig, { plan, work, image: candidateImage, out });
        return EXIT.ok;
      },
    );
  } catch (error) {
    if (prepared || error instanceof HostInUse || !(error instanceof BoxmarkError)) throw error;
    return error.what.replace(/\.$/, '');
  }
  return result;
}

/** By the digest that a session names, which comes from outside. */
async function imageAtHand(digest: string): Promise<Image | string> {
  const name = `the image ${digest.slice(0, 12)}`;
  if (!/^[0-9a-f]{64}$/.test(digest)) return 'a session does not name its image';
  try {
    const image = await loadImage(digest);
    await verifyImage(image);
    return image;
  } catch (error) {
    return `${name} is not at hand: ${messageOf(error instanceof BoxmarkError ? error.what : error).replace(/\.$/, '')}`;
  }
}
