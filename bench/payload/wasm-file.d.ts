// A module of WebAssembly, whose bytes the bundler puts into the payload.
declare module '*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}
