/** A report on a session with a clock that could not be relied on. */

import { describe, expect, it } from 'vitest';
import { buildModel } from '../../reports/model/model.ts';
import { sessionNotes } from '../../reports/sections/notes.ts';
import { testEvent } from '../bench/analysis/simulate.ts';
import { fixtureInput } from './fixture.ts';

describe('a report', () => {
  it('says whose contrasts are timed by the host, and how', () => {
    const input = fixtureInput();
    const plain = buildModel(input);
    const env = plain.environments.find(({ role }) => role === 'environment')?.path ?? '';
    const drift = testEvent({ kind: 'clock-drift', env, block: 1, reason: 'its clock runs off' });
    const model = buildModel({ ...fixtureInput(), events: [...fixtureInput().events, drift] });
    expect(plain.hostTimed).toEqual([]);
    expect(model.hostTimed).toEqual([env]);
    const note = sessionNotes(model).find((text) => /timed by the host/.test(text));
    expect(note).toContain(env);
    expect(sessionNotes(plain).some((text) => /timed by the host/.test(text))).toBe(false);
    // Without a visit that the host timed, its own figures don't take their place.
    expect(model.contrasts.filter((row) => row.env === env)).toEqual([]);
    expect(plain.contrasts.some((row) => row.env === env)).toBe(true);
  });

  it('shows wall time over CPU time of every environment', () => {
    const { environments } = buildModel(fixtureInput());
    for (const { wallOverCpu } of environments) expect(wallOverCpu === null || wallOverCpu > 0).toBe(true);
  });
});
