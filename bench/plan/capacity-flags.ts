/** Flags of the questions that planners ask: how many instances a host takes, and how many hosts so many need. */

import { ANY, flag } from './flag.ts';
import { OBJECTIVE } from './objective.ts';
import { SIMULATED_SIZE } from './simulated-size.ts';
import { count, SIZE, time } from './values.ts';

const MOST_HOSTS = 1_000_000;
const MOST_NEEDED = 1_000_000_000;

const PLANNING = { capacity: ANY, 'plan-hosts': ANY };
export const CAPACITY = [
  flag('slo', OBJECTIVE, {
    help: 'how much an instance may be slowed down by the others, or how long a burst may take',
    default: 'median slowdown <= 1.1',
    commands: PLANNING,
  }),
  flag('reserve', SIZE, { help: 'memory of a host that instances do not get', default: '512m', commands: PLANNING }),
  flag('recover', time({ least: '1s', most: '168h' }), {
    help: 'in which all instances of a host must be up again after a restart; measures storms of starts',
    otherwise: 'nobody waits for them',
    commands: {
      run: ANY,
      capacity: ANY,
      'plan-hosts': { help: 'the same from storms that were measured', otherwise: "the session's" },
    },
    kinds: ['capacity'],
    plan: true,
  }),
  flag('hosts', count(1, MOST_HOSTS), { help: 'equal hosts: how many instances they take', commands: PLANNING }),
  flag('need', count(1, MOST_NEEDED), {
    excludes: 'hosts',
    help: 'instances that are needed: how many hosts take them',
    commands: PLANNING,
  }),
  flag('simulate', SIMULATED_SIZE, {
    help: 'answer for a host of this size, by a simulation from the bursts of a single instance',
    otherwise: 'the host that was measured',
    commands: PLANNING,
  }),
  flag('spare', count(0, MOST_HOSTS), {
    help: 'hosts that may fail while the others take all instances',
    default: '0',
    commands: PLANNING,
  }),
] as const;
