/**
 * What pictures are drawn with, as one file: wherever the program is installed, by whatever package manager, the plug-ins
 * and chartjs-node-canvas have the same Chart.js.
 */

const canvas = require('canvas');
const freshly = require('chartjs-node-canvas/dist/freshRequire');

// It would look for the package by its name when it runs.
freshly.freshRequire = () => canvas;

exports.ChartJSNodeCanvas = require('chartjs-node-canvas').ChartJSNodeCanvas;
exports.errorBars = require('chartjs-chart-error-bars');
exports.boxes = require('@sgratzl/chartjs-chart-boxplot');
exports.annotation = require('chartjs-plugin-annotation');
