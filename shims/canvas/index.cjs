/** What chartjs-node-canvas asks of the package `canvas`, on top of @napi-rs/canvas, which comes as a binary. */

const napi = require('@napi-rs/canvas/node-canvas');

/** Punctuation beside a digit or a capital: there the font puts in other glyphs, which an SVG can't name and leaves out. */
const AT_RISK = /[\p{Lu}\p{N}] ?[^\p{L}\p{N}\s.,%]|[^\p{L}\p{N}\s.,%] ?[\p{Lu}\p{N}]|\d[x*]\d/u;
const PIECES = /([^\p{L}\p{N}\s.,%]|(?<=\d)[x*](?=\d))/u;

/** An SVG surface of napi hands its text out by `getContent`, where node-canvas has `toBuffer`. */
function createCanvas(width, height, type) {
  const canvas = napi.createCanvas(width, height, type);
  if (type !== 'svg') return canvas;
  canvas.toBuffer = (callback) => {
    const text = canvas.getContent();
    if (typeof callback !== 'function') return text;
    queueMicrotask(() => callback(null, text));
  };
  const context = canvas.getContext('2d');
  const fillText = context.fillText.bind(context);
  context.fillText = (text, x, y, ...rest) => {
    if (!AT_RISK.test(text)) fillText(text, x, y, ...rest);
    else inPieces(context, fillText, String(text), x, y);
  };
  canvas.getContext = () => context;
  return canvas;
}

/** Piece by piece no glyph has a neighbour that changes it. */
function inPieces(context, fillText, text, x, y) {
  const pieces = text.split(PIECES).filter((piece) => piece !== '');
  const widths = pieces.map((piece) => context.measureText(piece).width);
  const whole = widths.reduce((sum, width) => sum + width, 0);
  const { textAlign } = context;
  const share = textAlign === 'center' ? 0.5 : textAlign === 'right' || textAlign === 'end' ? 1 : 0;
  context.textAlign = 'left';
  let at = x - share * whole;
  for (const [index, piece] of pieces.entries()) {
    fillText(piece, at, y);
    at += widths[index];
  }
  context.textAlign = textAlign;
}

module.exports = { ...napi, createCanvas };
