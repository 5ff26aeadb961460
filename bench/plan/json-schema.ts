/** The JSON Schema that editors check a plan file with as it is typed. What it lets through, `run` still checks. */

import * as z from 'zod';
import { planInputSchema } from './plan.ts';

/** What an editor shows at each setting. Defaults and units are those of the flags. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  env: 'Environments or aliases, such as native, docker, docker/docker, vm. Default: native, container, nested, vm.',
  workload: 'Workloads; `boxmark list workloads` has them. Default: all of SciMark.',
  size: "Size of the workloads: tiny, small (SciMark's default) or large.",
  profile: 'quick (6 blocks × 10 rounds), standard (10 to 30 × 40) or publish (12 to 40 × 60). Default: quick.',
  baseline: 'What the others are compared with. Default: native.',
  blocks:
    'Exactly so many blocks: fresh starts of every environment. Not together with target, min-blocks, max-blocks.',
  'min-blocks': 'With a target: no end before so many blocks. Default: 10; publish: 12.',
  'max-blocks': 'With a target: no more than so many blocks. Default: 30; publish: 40.',
  target: 'End once every interval is this narrow to either side, such as 0.5%.',
  margin: 'Differences up to this count as none, such as 2%, the default.',
  'allow-unequal': 'Give verdicts although a setting gave the boxes unequal CPUs, CPU flags or bytes.',
  rounds: "Interleaved visits in each block, rounded up to a balanced number. Default: the profile's.",
  burst: 'Length of a timed burst on the baseline, such as 10ms, the default.',
  schedule: 'interleaved (default), or sequential: one environment after the other.',
  contrast: 'Further pairs to compare, such as docker/docker..docker.',
  kernels: 'The engine that runs the kernels, such as reference, the default; `boxmark run --help` has them.',
  'max-time': 'No block is begun that would end later, such as 20m.',
  seed: 'Seed of all orders. Default: drawn, and recorded.',
  cpu: 'CPUs of the workload, such as 1 or 2-3. Default: the last allowed one.',
  memory: 'Memory limit of each box, such as 1g, the default.',
  timeout: 'Limit for each start and each request, such as 60s, the default; stretched for slow layers.',
  measure: 'workloads (default), startup: many short starts, or footprint: memory and disk of idle instances.',
  cold: 'Start-up: false leaves the page cache alone, and out the cold starts. Default: true.',
  instances: 'Footprint: idle boxes held at a time, such as 1,2,4,8, the default.',
  out: 'Parent folder of the session. Default: results.',
};

export function planJsonSchema(): object {
  const { $schema, properties = {}, ...schema } = z.toJSONSchema(planInputSchema, { io: 'input' });
  const described = Object.entries(properties).map(([name, property]) => {
    const description = DESCRIPTIONS[name];
    return [name, { ...(description === undefined ? {} : { description }), ...(property as object) }];
  });
  return { $schema, title: 'A plan for boxmark run --plan', ...schema, properties: Object.fromEntries(described) };
}
