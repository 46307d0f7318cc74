/* global AudioWorkletProcessor, registerProcessor */
// Hands every block of samples it hears to the page. Plain JavaScript: a worklet is loaded by address alone.
class Recorder extends AudioWorkletProcessor {
  process(inputs) {
    const channel = inputs[0]?.[0];
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
}
registerProcessor("recorder", Recorder);
