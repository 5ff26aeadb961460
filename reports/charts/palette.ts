/**
 * A colour and a shape for every environment, by its name: the same in every report, whatever else was measured. Colours
 * are those of Okabe and Ito (2008), which readers without red, green or blue receptors can distinguish; shapes work in grey.
 */

export interface Look {
  readonly fill: string;
  /** Darker where the fill alone has too little contrast with white. */
  readonly line: string;
  readonly shape: string;
}

const GREY: Look = { fill: '#7a7f87', line: '#5f646b', shape: 'circle' };
const COLOURS: readonly (readonly [fill: string, line: string])[] = [
  ['#0072b2', '#0072b2'],
  ['#d55e00', '#d55e00'],
  ['#009e73', '#00855f'],
  ['#cc79a7', '#b0588a'],
  ['#e69f00', '#b37b00'],
  ['#56b4e9', '#2b8cc4'],
];
const SHAPES = ['rect', 'triangle', 'rectRot', 'circle', 'rectRounded', 'star', 'cross'];

/** Environments that most reports show; all others follow from their names. */
const KNOWN: Readonly<Record<string, readonly [colour: number, shape: number]>> = {
  docker: [0, 0],
  'docker/docker': [1, 1],
  uml: [2, 2],
  qemu: [3, 2],
  'qemu:tcg': [3, 6],
  unshare: [5, 0],
  podman: [4, 0],
  'podman/podman': [4, 1],
  runc: [5, 4],
};

/** The control looks like its baseline, as it is the same thing. */
export function lookOf(path: string): Look {
  const name = path.replace(/@control$/, '');
  if (name === 'native') return path === name ? GREY : { ...GREY, shape: 'crossRot' };
  const hash = hashOf(name);
  const [colour, shape] = KNOWN[name] ?? [hash % COLOURS.length, Math.floor(hash / COLOURS.length) % SHAPES.length];
  const [fill, line] = COLOURS[colour] as readonly [string, string];
  return { fill, line, shape: path === name ? (SHAPES[shape] as string) : 'crossRot' };
}

/** How points with intervals are drawn, one look each. */
export function pointsWithBars(looks: readonly Look[]) {
  const lines = looks.map(({ line }) => line);
  return {
    backgroundColor: looks.map(({ fill }) => fill),
    borderColor: lines,
    pointStyle: looks.map(({ shape }) => shape),
    borderWidth: 1.5,
    radius: 6.5,
    pointRadius: 6.5,
    hoverRadius: 8,
    errorBarColor: lines,
    errorBarWhiskerColor: lines,
    errorBarLineWidth: 2.5,
    errorBarWhiskerLineWidth: 2.5,
    errorBarWhiskerSize: 12,
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
