/* global AudioWorkletProcessor, registerProcessor */
// Hands every block of samples it hears to the page. Plain JavaScript: a worklet is loaded by address alone.
class Recorder extends AudioWorkletProcessor {
  process(inputs) {
    // A source that pauses has no channels for the time: that is silence too.
    this.port.postMessage(inputs[0]?.[0]?.slice() ?? new Float32Array(128));
    return true;
  }
}
registerProcessor("recorder", Recorder);
