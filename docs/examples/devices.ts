// Choosing microphone, speaker and camera, before and during a call.
import type { Call } from "offhook";

/** Fills a list with the devices of a kind. Their names are empty until the page has had a microphone or camera once. */
export async function fillDevices(list: HTMLSelectElement, kind: MediaDeviceKind): Promise<void> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const options = devices
    .filter((device) => device.kind === kind)
    .map(({ label, deviceId }, at) => new Option(label || `Device ${String(at + 1)}`, deviceId));
  list.replaceChildren(...options);
}

/** Has the lists change a running call. What is muted stays muted, what is held stays held. */
export function connectDevices(call: Call, lists: { mic: HTMLSelectElement; speaker: HTMLSelectElement }, show: (text: string) => void): void {
  const report = (error: unknown): void => show(error instanceof Error ? error.message : String(error));
  lists.mic.onchange = () => void call.switchMic(lists.mic.value).catch(report);
  lists.speaker.onchange = () => void call.setAudioOutputId(lists.speaker.value)?.catch(report);
}

/** Shows the screen instead of the camera until the person stops it. */
export async function shareScreen(call: Call): Promise<() => Promise<void>> {
  await call.switchToScreen();
  return () => call.switchToCam();
}
