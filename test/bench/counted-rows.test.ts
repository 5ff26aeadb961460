import { describe, expect, it } from 'vitest';
import { countedOf, wholeOf } from '../../bench/run/kind.ts';
import type { LoadRow } from '../../bench/types.ts';
import { LOAD, scaleInput, visit } from '../reports/fixture.ts';
import { testEvent, testStart } from './analysis/simulate.ts';

const { session, samples, scale = [] } = scaleInput();
const RECORDS = {
  ...{ plan: session.plan, events: [], blocksCompleted: 3, samples: [...samples], starts: [], scale },
  ...{ footprint: [], density: [], storm: [], load: [], neighbour: [] },
};

/** Many boxes and workloads of somebody's own making, a row each. */
const strangers = Array.from({ length: 1000 }, (_, index) => index);

describe('rows that count', () => {
  it('are those of whole blocks, environments of the plan and its workloads', () => {
    const [row] = scale;
    if (row === undefined) throw new Error('no rows');
    const invented = [
      ...strangers.map((number) => ({ ...row, env: `docker:${number}` })),
      ...strangers.map((number) => ({ ...row, workload: `fft-${number}` })),
      { ...row, block: 4 },
    ];
    const counted = countedOf({ ...RECORDS, scale: [...invented, ...scale] });
    expect(counted.scale).toEqual(scale);
    expect(counted.samples).toHaveLength(RECORDS.samples.length);
  });

  it('are so in every table, starts and bursts included', () => {
    const records = {
      ...RECORDS,
      starts: [testStart({ env: 'native' }), testStart({ env: 'elsewhere' })],
      samples: RECORDS.samples.map((sample) => ({ ...sample, env: 'elsewhere' })),
      load: LOAD.map((request): LoadRow => ({ ...request, workload: 'fft', env: 'elsewhere' })),
      neighbour: [visit({}), visit({ env: 'elsewhere' }), visit({ workload: 'elsewhere' })],
    };
    const counted = countedOf(records);
    expect(counted).toMatchObject({ samples: [], load: [], neighbour: [visit({})] });
    expect(counted.starts.map(({ env }) => env)).toEqual(['native']);
    expect(wholeOf(records).neighbour).toEqual([visit({})]);
  });

  it('are not those of a box in a block in which it computed something wrong', () => {
    const events = [testEvent({ kind: 'checksum-mismatch', block: 2, env: 'docker' })];
    const { scale: counted } = countedOf({ ...RECORDS, events });
    expect(counted).toEqual(scale.filter(({ block, env }) => block !== 2 || env !== 'docker'));
    expect(wholeOf({ ...RECORDS, events }).scale).toEqual(scale);
  });
});
