/**
 * What pictures are drawn with, as one file: wherever the program is installed, by whatever package manager, the plug-ins
 * and chartjs-node-canvas have the same Chart.js.
 */

const canvas = require('canvas');
const freshly = require('chartjs-node-canvas/dist/freshRequire');

/** What the library has drawn on since the last `release`. */
const drawnOn = [];
const createCanvas = (...size) => {
  const made = canvas.createCanvas(...size);
  drawnOn.push(made);
  return made;
};

// It would look for the package by its name when it runs.
freshly.freshRequire = () => ({ ...canvas, createCanvas });

/** Gives back the pixels of every picture, some ten megabytes each, which would stay until garbage is collected. */
exports.release = () => {
  for (const made of drawnOn.splice(0)) {
    made.width = 1;
    made.height = 1;
  }
};

exports.ChartJSNodeCanvas = require('chartjs-node-canvas').ChartJSNodeCanvas;
exports.errorBars = require('chartjs-chart-error-bars');
exports.boxes = require('@sgratzl/chartjs-chart-boxplot');
exports.annotation = require('chartjs-plugin-annotation');
