/** A peer connection to oneself: proves that a known sound goes in at the microphone and out at the recorder. */
import { type Recorder, record } from "./recorder.ts";

/** Steady tones and speech alike must arrive as they were: no processing of the microphone. */
export const PLAIN_AUDIO: MediaTrackConstraints = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};

export async function loopback(): Promise<Recorder> {
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: PLAIN_AUDIO });
  const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
  near.onicecandidate = ({ candidate }) => void far.addIceCandidate(candidate ?? undefined);
  far.onicecandidate = ({ candidate }) => void near.addIceCandidate(candidate ?? undefined);
  const arrived = new Promise<MediaStream>((resolve) => {
    far.ontrack = ({ track }) => resolve(new MediaStream([track]));
  });
  for (const track of microphone.getTracks()) near.addTrack(track, microphone);
  await near.setLocalDescription();
  if (near.localDescription) await far.setRemoteDescription(near.localDescription);
  await far.setLocalDescription();
  if (far.localDescription) await near.setRemoteDescription(far.localDescription);
  const stream = await arrived;
  // Chromium decodes a remote stream only while some element plays it.
  const player = new Audio();
  player.srcObject = stream;
  await player.play();
  return record(stream);
}
