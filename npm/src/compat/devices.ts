import { MEDIA_DEVICE_KIND } from "./constants.js";

/** A microphone, a speaker or a camera. */
export interface MediaDevice {
  /** The browser's id of the device. */
  id: string;
  /** Its name; made up while the browser does not tell. */
  label: string;
  /** What it is. */
  type: "mic" | "speaker" | "camera";
}

/** What `getMediaDevices` lists. */
export interface MediaDeviceList {
  /** Microphones and speakers. */
  audio: MediaDevice[];
  /** Cameras. */
  video: MediaDevice[];
}

/** One of `MEDIA_DEVICE_KIND`. */
export type MediaDeviceKindName = "input" | "output" | "all";

/** What may be opened to learn the devices' names. */
export interface DeviceConstraints {
  /** Whether, or as what, the microphone may be opened. */
  audio?: boolean | MediaTrackConstraints;
  /** Whether, or as what, the camera may be opened. */
  video?: boolean | MediaTrackConstraints;
}

const NAMES = { mic: "microphone", speaker: "speaker", camera: "camera" };

/** Lists the devices of a kind; with `labels` it opens them for a moment, since browsers name no others. */
export async function listDevices(
  labels: boolean,
  kind: MediaDeviceKindName,
  allowed: DeviceConstraints = { audio: true, video: true },
): Promise<MediaDeviceList> {
  let devices = await devicesOf(kind);
  if (labels) {
    const wanted: MediaStreamConstraints = {};
    if (allowed.audio && devices.some((device) => device.kind.startsWith("audio"))) wanted.audio = allowed.audio;
    if (allowed.video && devices.some((device) => device.kind.startsWith("video"))) wanted.video = allowed.video;
    if (!wanted.audio && !wanted.video) throw new Error(`${kind} media devices not found`);
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    try {
      // Some browsers tell the names only while something is open.
      devices = await devicesOf(kind);
    } finally {
      stop(stream);
    }
  }
  return listed(devices);
}

/** The same with one camera at the front and one at the back, of the many that phones have. */
export async function listMobileDevices(
  kind: MediaDeviceKindName,
  allowed: DeviceConstraints = { audio: true, video: true },
): Promise<MediaDeviceList> {
  const list = await listDevices(true, kind, allowed);
  const chosen = new Set<string | undefined>();
  for (const facingMode of ["user", "environment"]) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { exact: facingMode } } });
      chosen.add(stream.getVideoTracks()[0]?.getSettings().deviceId);
      stop(stream);
    } catch {
      // There is no camera on that side.
    }
  }
  const video = list.video.filter((camera) => chosen.has(camera.id));
  return { audio: list.audio, video: video.length > 0 ? video : list.video };
}

async function devicesOf(kind: MediaDeviceKindName): Promise<MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const wanted = kind === MEDIA_DEVICE_KIND.ALL ? "" : kind;
  return devices.filter((device) => device.kind.endsWith(wanted) && device.deviceId !== "communications");
}

function listed(devices: MediaDeviceInfo[]): MediaDeviceList {
  const list: MediaDeviceList = { audio: [], video: [] };
  const counts = { mic: 0, speaker: 0, camera: 0 };
  for (const { deviceId, kind, label } of devices) {
    const type = kind === "audioinput" ? "mic" : kind === "audiooutput" ? "speaker" : "camera";
    counts[type] += 1;
    const device = { id: deviceId, label: label || `${NAMES[type]}${counts[type]}`, type } as const;
    list[type === "camera" ? "video" : "audio"].push(device);
  }
  return list;
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
