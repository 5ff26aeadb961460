/**
 * A colour and a mark for every environment, by its name: the same in every chart of a report, no two alike. Colours are
 * those of Okabe and Ito (2008), which readers without red, green or blue receptors can distinguish; marks work in grey.
 */

export interface Look {
  readonly colour: string;
  /** Darker where the colour alone has too little contrast with white. */
  readonly line: string;
  /** The colour, or that of the paper. */
  readonly fill: string;
  readonly shape: string;
  /** Degrees. */
  readonly rotation: number;
  /** Drawn by its outline alone. */
  readonly isOutline: boolean;
}

/** What is filled with it is open; a page puts its own in this place. */
export const PAPER = '#ffffff';

const LINES: ReadonlySet<string> = new Set(['crossRot', 'star']);
const GREY = ['#7a7f87', '#5f646b'] as const;
const COLOURS = [
  ['#0072b2', '#0072b2'],
  ['#d55e00', '#d55e00'],
  ['#009e73', '#00855f'],
  ['#cc79a7', '#b0588a'],
  ['#e69f00', '#b37b00'],
  ['#56b4e9', '#2b8cc4'],
] as const;
const [BLUE, RED, GREEN, PURPLE, ORANGE, SKY] = [0, 1, 2, 3, 4, 5] as const;

interface Mark {
  readonly shape: string;
  readonly rotation?: number;
  readonly open?: boolean;
}

const DISC: Mark = { shape: 'circle' };
/** Of the control, whose baseline has the same colour. */
const CONTROL: Mark = { shape: 'crossRot' };
/** Neighbours in this list differ most; none is a part of an interval’s line. Their number and that of the colours have no common factor. */
const MARKS: readonly Mark[] = [
  { shape: 'rect' },
  { shape: 'triangle', open: true },
  { shape: 'rectRot' },
  { shape: 'circle', open: true },
  { shape: 'triangle', rotation: 180 },
  { shape: 'rect', open: true },
  { shape: 'triangle' },
  { shape: 'star' },
  { shape: 'rectRot', open: true },
  { shape: 'triangle', rotation: 180, open: true },
  { shape: 'triangle', rotation: 90 },
  { shape: 'triangle', rotation: 270, open: true },
  { shape: 'triangle', rotation: 90, open: true },
];
const [
  SQUARE,
  OPEN_TRIANGLE,
  DIAMOND,
  RING,
  DOWN,
  OPEN_SQUARE,
  TRIANGLE,
  STAR,
  OPEN_DIAMOND,
  OPEN_DOWN,
  RIGHT,
  OPEN_LEFT,
] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;

type Place = readonly [colour: number, mark: number];

/** Environments that most reports show. Those with the same mark have colours that no reader confuses. */
const KNOWN: Readonly<Record<string, Place>> = {
  docker: [BLUE, SQUARE],
  'docker/docker': [RED, TRIANGLE],
  podman: [ORANGE, SQUARE],
  'podman/podman': [SKY, TRIANGLE],
  unshare: [SKY, OPEN_SQUARE],
  'unshare/unshare': [BLUE, OPEN_TRIANGLE],
  bwrap: [RED, RING],
  runc: [BLUE, DOWN],
  crun: [ORANGE, DOWN],
  nspawn: [GREEN, OPEN_TRIANGLE],
  lxc: [ORANGE, OPEN_DIAMOND],
  'lxc/docker': [RED, OPEN_SQUARE],
  appc: [PURPLE, OPEN_DOWN],
  gvisor: [PURPLE, STAR],
  uml: [GREEN, DIAMOND],
  'uml/docker': [GREEN, RIGHT],
  qemu: [ORANGE, DIAMOND],
  'qemu:tcg': [ORANGE, OPEN_LEFT],
  openvz: [RED, OPEN_DOWN],
  firecracker: [BLUE, RING],
  'cloud-hypervisor': [BLUE, OPEN_DIAMOND],
};
const COUNT = COLOURS.length * MARKS.length;

/** Looks of all environments of a report; a path that is not among them has the look of its own name. */
export function looksOf(environments: readonly { readonly path: string }[]): (path: string) => Look {
  const paths = [...new Set(environments.map(({ path }) => nameOf(path)))].filter((name) => name !== 'native');
  const places = new Map<string, Place>();
  const taken: Place[] = [];
  const give = (path: string, place: Place) => {
    places.set(path, place);
    taken.push(place);
  };
  for (const path of paths) if (KNOWN[path] !== undefined) give(path, KNOWN[path]);
  // By name, so that it does not depend on the order in which they ran.
  for (const path of paths.filter((path) => !places.has(path)).sort()) give(path, freePlace(path, taken));
  return (path) => {
    const name = nameOf(path);
    if (name === 'native') return lookOf(GREY, path === name ? DISC : CONTROL);
    const [colour, mark] = places.get(name) ?? KNOWN[name] ?? freePlace(name, []);
    return lookOf(COLOURS[colour] as Colour, path === name ? (MARKS[mark] as Mark) : CONTROL);
  };
}

/** A line through small marks. */
export function lineWithMarks({ line, fill, shape, rotation }: Look) {
  return {
    ...{ showLine: true, borderColor: line, backgroundColor: fill, pointStyle: shape, pointRotation: rotation },
    ...{ borderWidth: 1.25, radius: 2.5, pointRadius: 2.5 },
  };
}

/** The look of the `index`-th of what has no name: a session among others. */
export function lookAt(index: number): Look {
  return lookOf(COLOURS[index % COLOURS.length] as Colour, MARKS[index % MARKS.length] as Mark);
}

/** The control looks like its baseline, as it is the same thing. */
function nameOf(path: string): string {
  return path.replace(/@control$/, '');
}

/** From the place of the name on: one whose mark is free, else one that is. */
function freePlace(name: string, taken: readonly Place[]): Place {
  const first = hashOf(name);
  const all = Array.from({ length: COUNT }, (_, step): Place => {
    const at = (first + step) % COUNT;
    return [at % COLOURS.length, at % MARKS.length];
  });
  const isFree = ([colour, mark]: Place) => !taken.some((other) => other[0] === colour && other[1] === mark);
  const free = all.filter(isFree);
  const isNew = ([, mark]: Place) => !taken.some((other) => other[1] === mark);
  return free.find(isNew) ?? free[0] ?? (all[0] as Place);
}

type Colour = readonly [colour: string, line: string];

function lookOf([colour, line]: Colour, { shape, rotation = 0, open = false }: Mark): Look {
  return { colour, line, fill: open ? PAPER : colour, shape, rotation, isOutline: open || LINES.has(shape) };
}

/** How points with intervals are drawn, one look each. */
export function pointsWithBars(looks: readonly Look[], radius = 6.5) {
  const lines = looks.map(({ line }) => line);
  const width = radius < 4 ? 1.5 : 2.5;
  return {
    backgroundColor: looks.map(({ fill }) => fill),
    borderColor: lines,
    pointStyle: looks.map(({ shape }) => shape),
    rotation: looks.map(({ rotation }) => rotation),
    borderWidth: looks.map(({ isOutline }) => (isOutline && radius > 4 ? 2 : 1.5)),
    radius,
    pointRadius: radius,
    hoverRadius: radius + 1.5,
    errorBarColor: lines,
    errorBarWhiskerColor: lines,
    errorBarLineWidth: width,
    errorBarWhiskerLineWidth: width,
    errorBarWhiskerSize: 2 * radius - 1,
  };
}

/** `#0072b2` → the same, see-through. */
export function faint(colour: string, alpha: string): string {
  return `${colour}${alpha}`;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}
