/** `boxmark selftest`: measures environments whose truth is known, and says how well the ruler finds it. */

import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { analyseSelftest, type KnownQuota, type KnownSlowdown } from '../../bench/analysis/selftest.ts';
import { EXIT } from '../../bench/errors.ts';
import { makePlan, planSettings } from '../../bench/plan/plan.ts';
import { defaultFor, type FlagValues, planInputOf } from '../../bench/plan/read-flags.ts';
import type { SessionOutcome } from '../../bench/run/session.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { formatPercent } from '../../bench/units.ts';
import { selftestDocument } from '../../reports/documents/selftest.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { type JsonForm, jsonFormOf } from '../conclude.ts';
import { KERNEL_IDS } from '../names.ts';
import { withRig } from '../rig.ts';
import { concludeSession } from '../session/conclude-session.ts';
import { measuringFlags } from '../session/measuring-flags.ts';
import { assertOut } from '../session/out-folder.ts';

const QUOTAS: readonly KnownQuota[] = [{ env: 'quota:50%', quota: 0.5 }];
const QUICK_BLOCKS = 6;
const JSON_SCHEMA = 1;

export async function selftest(flags: FlagValues<'selftest'>): Promise<number> {
  const { strict, quick, quiet } = flags;
  const slowdowns = (flags.slow ?? defaultFor('selftest', 'slow')).map(
    (share): KnownSlowdown => ({ env: `slow:${formatPercent(share)}`, share }),
  );
  const env = ['native', ...slowdowns.map((it) => it.env), ...QUOTAS.map((it) => it.env)];
  const blocks = flags.blocks ?? (quick === true ? QUICK_BLOCKS : defaultFor('selftest', 'blocks'));
  const settings = planSettings(
    { ...planInputOf(flags), blocks, env },
    {
      workloads: KERNEL_IDS,
      seed: randomInt(2 ** 31),
      limitsFor: (cpus, memoryBytes, threads) => defaultLimits(cpus, memoryBytes, threads),
    },
  );
  const out = resolve(flags.out ?? defaultFor('selftest', 'out'));
  assertOut(out);
  const options = { quiet: quiet === true, dryRun: false, imageFile: undefined, ...measuringFlags(flags) };
  return withRig({ ...settings, origin: null }, options, async (rig) => {
    const plan = makePlan(settings, rig.planned, rig.baseline);
    rig.announce(plan);
    const outcome = await rig.measure(plan, { out });
    const dir = resolve(out, outcome.info.session);
    return concludeSelftest(outcome, { dir, slowdowns, json: jsonFormOf(flags), strict: strict === true });
  });
}

interface Conclusion {
  readonly dir: string;
  readonly slowdowns: readonly KnownSlowdown[];
  readonly json: JsonForm;
  readonly strict: boolean;
}

function concludeSelftest(outcome: SessionOutcome, { dir, slowdowns, json, strict }: Conclusion): Promise<number> {
  const { info } = outcome;
  const result = analyseSelftest({
    ...outcome,
    plan: info.plan,
    work: info.work,
    slowdowns,
    // Of the one quota of a box each copy has its part.
    quotas: QUOTAS.filter(({ env }) => info.plan.environments.some(({ path }) => path === env)).map(
      ({ env, quota }) => ({ env, quota: quota / (info.plan.threads ?? 1) }),
    ),
    secondsPerBlock: info.measuredMs / 1000 / Math.max(1, info.blocksCompleted),
  });
  const seal = sealOf(dir);
  const document = { program: info.program, session: info.session, seal, missing: info.unavailable, ...result };
  const code = () => {
    if (result.rows.length === 0) return EXIT.failed;
    return strict && result.outcome !== 'as-promised' ? EXIT.inconclusive : EXIT.ok;
  };
  return concludeSession(
    outcome,
    {
      document: () => ({ schema: JSON_SCHEMA, dir, ...document }),
      // Whoever concludes the session prints its seal below its folder.
      text: () => terminalText({ ...selftestDocument(document), seal: null }),
    },
    { json, dir, code },
  );
}
