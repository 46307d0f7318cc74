let context: AudioContext | undefined;

/** Plays a moment of silence, which a browser takes as the person's leave to play sound. Whether it could. */
export function playSilence(): boolean {
  if (typeof AudioContext === "undefined") return false;
  context ??= new AudioContext();
  void context.resume();
  const source = context.createBufferSource();
  source.buffer = context.createBuffer(1, 441, 44_100);
  source.connect(context.destination);
  source.start();
  return true;
}
