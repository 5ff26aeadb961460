import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BAREST, onFooting } from '../../cli/fleet/footing.ts';

const on = (plan: string) => {
  const { plan: changed, note } = onFooting(plan, 'container');
  return { settings: parse(changed), note };
};

describe('a plan on a host where no process of the host can be started', () => {
  it('has the barest container in place of native, as environment, baseline and in contrasts', () => {
    const { settings, note } = on('env: native,docker\nblocks: 4\ncontrast: docker..native,docker..uml\n');
    expect(settings).toEqual({
      ...{ env: [BAREST, 'docker'], baseline: BAREST, blocks: 4, contrast: [`docker..${BAREST}`, 'docker..uml'] },
    });
    expect(note).toContain(`${BAREST} takes the place of native`);
  });

  it('has it where native is only the default', () => {
    expect(on('blocks: 4\n').settings).toMatchObject({ env: [BAREST, 'container', 'nested', 'vm'], baseline: BAREST });
  });

  it('stays as it is without native, and on a host', () => {
    const plan = 'env: docker,docker:network=host\nbaseline: docker\n';
    expect(onFooting(plan, 'container')).toEqual({ plan, note: null });
    expect(onFooting('env: native\n', 'host')).toEqual({ plan: 'env: native\n', note: null });
  });

  it('is left to boxmark run where it is no plan', () => {
    expect(onFooting('42', 'container')).toEqual({ plan: '42', note: null });
    expect(() => onFooting('a: [', 'container')).toThrow("The plan can't be read");
  });
});
