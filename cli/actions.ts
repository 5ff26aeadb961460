/** What each command does, loaded when it is called: looking something up takes little longer than starting Node.js. */

import type { CommandName } from '../bench/plan/flag.ts';
import type { FlagValues } from '../bench/plan/read-flags.ts';

/** Returns the exit code. */
export type Action<C extends CommandName> = (
  flags: FlagValues<C>,
  ...args: readonly string[]
) => number | Promise<number>;

export const ACTIONS: { readonly [C in CommandName]: () => Promise<Action<C>> } = {
  run: async () => (await import('./commands/run.ts')).run,
  resume: async () => (await import('./commands/resume.ts')).resume,
  report: async () => (await import('./commands/report.ts')).report,
  reproduce: async () => (await import('./commands/reproduce.ts')).reproduce,
  compare: async () => (await import('./commands/compare.ts')).compare,
  selftest: async () => (await import('./commands/selftest.ts')).selftest,
  score: async () => (await import('./commands/score.ts')).score,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  capacity: async () => (await import('./commands/capacity.ts')).capacity,
  'plan-hosts': async () => (await import('./commands/plan-hosts.ts')).planHosts,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  setup: async () => (await import('./commands/setup.ts')).setup,
  list: async () => (await import('./commands/list.ts')).list,
  check: async () => (await import('./commands/check.ts')).check,
  watch: async () => (await import('./commands/watch.ts')).watch,
  pack: async () => (await import('./commands/pack.ts')).pack,
  verify: async () => (await import('./commands/verify.ts')).verify,
  history: async () => (await import('./commands/history.ts')).history,
  export: async () => (await import('./commands/export.ts')).exportSessions,
  'image export': async () => (await import('./commands/image.ts')).imageExport,
  'image import': async () => (await import('./commands/image.ts')).imageImport,
  'fleet run': async () => (await import('./commands/fleet-run.ts')).fleetRun,
  'fleet resume': async () => (await import('./commands/fleet-run.ts')).fleetResume,
  'fleet report': async () => (await import('./commands/fleet-report.ts')).fleetReport,
  'fleet compare': async () => (await import('./commands/fleet-compare.ts')).fleetCompare,
  'fleet export': async () => (await import('./commands/fleet-export.ts')).fleetExport,
  'fleet image': async () => (await import('./commands/fleet-image.ts')).fleetImage,
  'fleet node': async () => (await import('./commands/fleet-node.ts')).fleetNode,
  'fleet manifest': async () => (await import('./commands/fleet-manifest.ts')).fleetManifest,
  'fleet collect': async () => (await import('./commands/fleet-collect.ts')).fleetCollect,
  clean: async () => (await import('./commands/clean.ts')).clean,
  completion: async () => (await import('./commands/completion.ts')).completion,
};
